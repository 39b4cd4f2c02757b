// Keeps what is typed into a form (data-keep names its shelf) on this device until Forum has it. Sent without a connection
// it goes off by itself, again and again, as it was sent; and is one, because the same is sent each time.
// A page that shows what was received (data-sent: ids), or that takes nothing more (data-over: a shelf), clears shelves.

import { ask } from "./ask.js";

const SHELF = "forum form ";
const form = document.querySelector("form[data-keep]");
const received = document.querySelector("[data-sent]");
const over = document.querySelector("[data-over]");

if (received) {
  const ids = received.dataset.sent.split(" ");
  for (const name of shelves()) {
    if (ids.includes((read(name) || {}).id)) drop(name);
  }
}
if (over) drop(SHELF + over.dataset.over);
if (form) begin();

function begin() {
  const name = SHELF + form.dataset.keep;
  const status = form.querySelector("[data-kept]");
  const button = form.querySelector("button");
  const kept = read(name);
  let body = null; // what was sent last
  let timer = 0;
  let edited = false; // since then
  // After an error the server's words are newer than the ones kept here.
  if (kept && !document.getElementById("errors")) {
    for (const [key, value] of Object.entries(kept)) fill(key, value);
    tell(status.dataset.kept, "edited");
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    edited = true;
    if (write(name, Object.fromEntries(new FormData(form)))) tell(status.dataset.kept, "edited");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (edited || !body) {
      body = new URLSearchParams(new FormData(form));
      if (form.dataset.cast !== undefined) body.set("cast", fresh()); // a ballot that was changed is another one
    }
    edited = false;
    send();
  });

  // Says how the form stands: to people, and to a script that draws it otherwise.
  function tell(words, is) {
    status.textContent = words;
    form.dataset.is = is;
    form.dispatchEvent(new Event("told"));
  }

  async function send() {
    button.disabled = true;
    tell(status.textContent, "sending");
    let again = 0;
    try {
      const told = await ask(form.action, { body });
      if (told.ok) {
        if (!edited) drop(name);
        return location.assign(told.facts.page);
      }
      if (told.over) return form.submit(); // the page with what is wrong; the same form sent twice is one
      tell(told.words, "waiting");
      again = told.wait;
    } catch (error) {
      tell(status.dataset.away, "waiting");
    }
    button.disabled = false;
    // The writer went on meanwhile, and sends the form when they are done.
    if (edited) tell(status.dataset.kept, "edited");
    else timer = setTimeout(send, Math.max(again, 3000 + 3000 * Math.random()));
  }
}

function fill(key, value) {
  const field = form.elements[key];
  if (field instanceof RadioNodeList || (field && field.type !== "hidden") || key === "id" || key === "seen") {
    field.value = value;
  }
}

// crypto.randomUUID is not to be had over plain HTTP, getRandomValues is.
function fresh() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function shelves() {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(SHELF));
  } catch (error) {
    return [];
  }
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch (error) {
    return null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch (error) {
    return false; // a browser that keeps nothing: the words live as long as the page
  }
}

function drop(name) {
  try {
    localStorage.removeItem(name);
  } catch (error) {
    // Nothing was kept.
  }
}
