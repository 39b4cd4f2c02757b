// A shared tablet: it asks for the next person after each ballot. Each ballot goes by post with a voter of its own; one
// that cannot go off now waits here, and nothing of it is shown to the next person.

import { ask } from "../ask.js";
import { watch } from "./room-connection.js";

const main = document.getElementById("screen");
const handover = document.querySelector("[data-handover]");
const said = handover.querySelector("[data-said]");
const news = document.querySelector("[data-news-tablet]");
const waiting = document.querySelector("[data-waiting]");
const slip = handover.querySelector("[data-for-slip]"); // none where there are no receipts
const path = main.dataset.path;
const shelf = "forum tablet " + path;
const GONE = ["unknown_round", "not_open"]; // what is said of a question that was there before Forum's data went back
const SLIP_STAYS = 120000; // so long a slip can be had, and stays, where nobody takes the tablet on
const PATIENCE = 4000; // so long is waited for an answer before the tablet may be handed on

// Ballots not answered yet: form fields as [name, value] pairs, each with its `cast`. Those `laid` aside are of a
// question that Forum does not have now; they go again when its data is another.
const laid = load(shelf + " laid");
const queue = [...load(shelf), ...laid.splice(0)];
let sending = false;
let mine = ""; // the cast of the person who has just voted, until the tablet is handed on
let voted = ""; // its round
let going; // the timer that takes its slip away

const link = watch(main, {
  keep: (part, moved) => part === "ballot" && !moved,
  hear(message) {
    if (message.t === "hello" && message.anew) queue.push(...laid.splice(0));
    if (message.t === "hello") flush();
  },
  tell: flush,
});
main.addEventListener("submit", submit);
handover.querySelector("[data-next]").addEventListener("click", next);
if (slip) {
  slip.querySelector("[data-ask-slip]").addEventListener("click", askForSlip);
  slip.querySelector("[data-print]").addEventListener("click", () => window.print());
}
count();
flush();

function submit(event) {
  const form = event.target;
  if (!form.matches("[data-ballot]")) return;
  event.preventDefault();
  const fields = new FormData(form);
  mine = fresh();
  voted = fields.get("round");
  offerSlip(false);
  fields.set("cast", mine);
  fields.set("person", fresh());
  queue.push(Array.from(fields));
  keep();
  news.textContent = "";
  main.hidden = true;
  handover.hidden = false;
  tell("sending");
  handover.focus();
  const cast = mine;
  setTimeout(() => mine === cast && waits(cast) && tell("waiting"), PATIENCE);
  if (link.how() === "down") {
    tell("waiting");
    link.probe();
  }
  flush();
}

// Shows that there can be a slip once the vote is counted, and takes it from the page with everything on it.
function offerSlip(on) {
  if (!slip) return;
  slip.hidden = !on;
  slip.querySelector("[data-slip-here]").replaceChildren();
  slip.querySelector("[data-ask-slip]").hidden = false;
  slip.querySelector("[data-print]").hidden = true;
  goesLater();
}

// Takes the slip, and the way to it, from the page after a while: whoever comes next may not press anything first.
function goesLater() {
  const cast = mine;
  clearTimeout(going);
  if (!slip.hidden) going = setTimeout(() => cast === mine && offerSlip(false), SLIP_STAYS);
}

async function askForSlip() {
  const cast = mine;
  let told;
  try {
    told = await ask(path + "/slip", { body: new URLSearchParams({ round: voted, cast }), page: true, headers: { Accept: "text/html" } });
  } catch (error) {
    return;
  }
  // By now the tablet may be another person's.
  if (cast !== mine || slip.hidden) return;
  const got = told.ok && told.page.querySelector("[data-slip]");
  slip.querySelector("[data-ask-slip]").hidden = true;
  if (!got) return;
  slip.querySelector("[data-slip-here]").replaceChildren(got);
  goesLater();
  slip.querySelector("[data-print]").hidden = false;
  slip.querySelector("[data-print]").focus();
}

function next() {
  mine = "";
  offerSlip(false);
  handover.hidden = true;
  main.hidden = false;
  const form = main.querySelector("[data-ballot]");
  if (form) {
    form.reset();
    for (const field of form.querySelectorAll("input:not([type=hidden]), textarea, select")) clear(field);
  }
  const heading = main.querySelector("h1");
  if (heading) heading.focus();
  scrollTo(0, 0);
}

// Empties a field that the server had filled for the last person.
function clear(field) {
  if (field.type === "radio" || field.type === "checkbox") field.checked = false;
  else field.value = "";
}

async function flush() {
  if (sending || !queue.length) return;
  sending = true;
  while (queue.length) {
    const fields = queue[0];
    let told;
    try {
      told = await ask(path + "/vote", { body: new URLSearchParams(fields) });
    } catch (error) {
      break;
    }
    if (!told.ok && !told.over) break;
    queue.shift();
    const away = !told.ok && GONE.includes(told.code) && castOf(fields) !== mine;
    if (away) laid.push(fields);
    keep();
    if (!away) settle(castOf(fields), told.ok ? "" : told.words);
  }
  sending = false;
  if (queue.length) setTimeout(flush, 3000 + 3000 * Math.random());
}

function settle(cast, words) {
  const own = cast === mine;
  if (!words) {
    if (own) tell("counted");
    if (own) offerSlip(true);
  } else if (own) {
    // The person is still there, and so is what they had filled in.
    handover.hidden = true;
    main.hidden = false;
    news.dataset.is = "refused";
    news.textContent = main.dataset.sayRefused + " " + words;
    news.scrollIntoView({ block: "nearest" });
    mine = "";
  } else {
    news.dataset.is = "refused";
    news.textContent = main.dataset.sayLost + " " + words;
  }
}

function tell(how) {
  said.dataset.is = how;
  said.textContent = main.dataset["say" + how[0].toUpperCase() + how.slice(1)];
}

function waits(cast) {
  return queue.some((fields) => castOf(fields) === cast);
}

function castOf(fields) {
  return fields.find(([name]) => name === "cast")[1];
}

function count() {
  for (const [place, votes] of [[waiting, queue], [document.querySelector("[data-laid]"), laid]]) {
    place.textContent = votes.length ? place.dataset.say.replace("{number}", votes.length) : "";
  }
}

// crypto.randomUUID is not to be had over plain HTTP, getRandomValues is.
function fresh() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function load(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) || [];
  } catch (error) {
    return [];
  }
}

function keep() {
  count();
  try {
    localStorage.setItem(shelf, JSON.stringify(queue));
    localStorage.setItem(shelf + " laid", JSON.stringify(laid));
  } catch (error) {
    // A browser that keeps nothing: the ballots live as long as the page.
  }
}
