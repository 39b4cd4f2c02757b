// Keeps the progress of a rehearsal up to date: asks for the page again, and takes what stands in data-renew from it.

import { ask } from "../ask.js";

const EVERY = 1500;
const shown = document.querySelector("[data-renew]");

async function renew() {
  let answer;
  try {
    answer = await ask(location.href, { page: true, headers: { Accept: "text/html" } });
  } catch {
    return; // no connection just now
  }
  if (!answer.ok) return;
  const fresh = answer.page.querySelector("[data-renew]");
  if (!fresh) {
    location.reload(); // it has ended: the report is here
    return;
  }
  // The sentence stays the same element, and is changed only where it says something new, so that it is read out once.
  const said = shown.querySelector("[data-said]");
  const says = fresh.querySelector("[data-said]").textContent;
  if (said.textContent !== says) said.textContent = says;
  shown.querySelector("dl").replaceWith(fresh.querySelector("dl"));
}

async function goOn() {
  if (!document.hidden) await renew();
  setTimeout(goOn, EVERY);
}

setTimeout(goOn, EVERY);
