// "My day": adds to a page that is the same for everybody what this phone alone remembers (phone.js keeps it). Nothing of
// it is sent anywhere; only to check a vote its receipt is.

import { ask } from "../ask.js";

const RECEIPT = "forum receipt "; // as receipts.js keeps them
const PLEDGE = "forum pledge ";
const list = document.querySelector("[data-day]");
const own = document.querySelector("[data-own]");
const path = list && list.dataset.day;
const shelf = "forum day " + path;

keepPledge(document.querySelector("[data-pledge]"));
if (list) {
  const answers = load();
  document.querySelector("[data-without]").remove();
  for (const card of list.children) {
    const choice = answers[card.dataset.round];
    if (!choice) continue;
    card.querySelector("[data-mine]").hidden = own.hidden = false;
    card.querySelector("[data-mine] span").textContent = inWords(choice, JSON.parse(card.dataset.answers), card.dataset.then);
  }
  showPledges(own.querySelector("[data-pledges]"));
  if (own.hidden) say("nothing");
  const check = own.querySelector("[data-check]");
  if (check) check.addEventListener("click", () => checkAll(check, answers));
  own.querySelector("[data-clear]").addEventListener("click", clear);
}

// A choice is one mark, several with spaces between, a ranking (">") or marks with numbers ("=").
function inWords(choice, words, then) {
  const parts = choice.split(/[ >]/).map((part) => part.split("="));
  return parts.map(([mark, ...number]) => [words[mark] || mark, ...number].join(": ")).join(then || ", ");
}

async function checkAll(button, answers) {
  button.disabled = true;
  for (const card of list.children) {
    const place = card.querySelector("[data-checked]");
    const choice = answers[card.dataset.round];
    if (!choice) continue;
    const is = await checked(card, choice, button.dataset.to).catch(() => "later");
    place.dataset.is = { record: "counted", later: "waiting", none: "waiting" }[is] || "refused";
    place.textContent = list.dataset["say" + is[0].toUpperCase() + is.slice(1)];
  }
  button.disabled = false;
}

// Returns "record" where the receipt of a vote holds, "differs" where it is of another answer, "failed", "none", "later".
async function checked(card, choice, to) {
  const file = await receipt(card.dataset.round, card.querySelector("h3").textContent);
  if (!file) return "none";
  if (JSON.parse(file).ballot.leaf.choice !== choice) return "differs";
  const body = new FormData();
  body.append("file", new Blob([file], { type: "application/json" }), "receipt.json");
  const told = await ask(to, { body, patience: 60000 });
  if (!told.ok) return "later";
  const { checks, record } = told.facts;
  const holds = checks.length && checks.every((one) => one.verdict !== "FAIL") && record && record.stands === "beginning";
  return holds ? "record" : "failed";
}

// Takes the receipt that this phone keeps, else the one that Forum gives in the hour after the end, and keeps it.
async function receipt(round, title) {
  const kept = localStorage.getItem(RECEIPT + round);
  if (kept) return JSON.parse(kept).file;
  const told = await ask(`${path}/receipts/${round}?as=file`, { text: true });
  if (!told.ok) return "";
  localStorage.setItem(RECEIPT + round, JSON.stringify({ title, file: told.text }));
  return told.text;
}

// Takes from this browser what it keeps of votes, of whatever session, and remembers only to keep nothing of this one.
function clear() {
  for (const name of Object.keys(localStorage)) {
    if (/^forum (day|receipt|ballot|pledge) /.test(name)) localStorage.removeItem(name);
  }
  localStorage.setItem(shelf, '{"off":true}');
  for (const mine of list.querySelectorAll("[data-mine], [data-checked]")) mine.remove();
  own.remove();
  say("cleared");
}

function say(what) {
  const place = document.querySelector("[data-cleared]");
  place.textContent = place.dataset["say" + what[0].toUpperCase() + what.slice(1)];
}

// Keeps the private link of an offer of help, on the page that it opens.
function keepPledge(place) {
  try {
    if (place) localStorage.setItem(PLEDGE + place.dataset.pledge, JSON.stringify(place.dataset.words));
  } catch (error) {
    // A browser that keeps nothing: the link stands on the page.
  }
}

function showPledges(place) {
  const kept = Object.entries({ ...localStorage }).filter(([name]) => name.startsWith(PLEDGE));
  for (const [name, words] of kept) {
    const item = place.querySelector("template").content.cloneNode(true);
    const link = item.querySelector("a");
    link.textContent = JSON.parse(words);
    link.href += name.slice(PLEDGE.length);
    place.querySelector("ul").append(item);
    place.hidden = own.hidden = false;
  }
}

function load() {
  try {
    return JSON.parse(localStorage.getItem(shelf)) || {};
  } catch (error) {
    return {}; // a browser that keeps nothing
  }
}
