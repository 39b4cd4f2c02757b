// A phone of the audience: follows the room, and brings its ballot through whatever the network does.
// It says only what is true: "sending" while it is on its way, "counted" once the server has it on disk.

import { watch } from "./socket.js";

const main = document.getElementById("screen");
const path = main.dataset.path;
const shelf = "forum ballot " + path;
const AGAIN = ["too_fast", "not_stored", "too_many", "store_unavailable", "unexpected"];

const pending = load(); // round -> {id, choice, reason}: sent or to be sent, neither counted nor refused yet
const counted = {}; // round -> {choice, reason}: what the server has
const refused = {}; // round -> the server's words
let labels = {}; // response -> its words, of the round on screen
let touched = ""; // the round whose form was changed since it was last sent or filled in
let written = null; // the status line, once something stands in it that this phone knows
let sent = {}; // ids on their way over this connection

document.documentElement.classList.add("live");
main.addEventListener("submit", submit);
for (const kind of ["input", "change"]) {
  main.addEventListener(kind, (event) => {
    if (event.target.form === ballot()) touched = main.dataset.round;
    say();
  });
}
// Somebody who chose to read one scene of a story need not choose again for its next.
main.addEventListener("toggle", (event) => {
  const scene = event.target.closest("[data-story]");
  if (scene) keep("forum reading", event.target.open ? scene.dataset.story : "");
}, true);

const link = watch(main, {
  keep: (part, moved) => part === "ballot" && !moved,
  state(message) {
    labels = {};
    for (const response of message.round ? message.round.responses : []) labels[response.id] = response.label;
    settle();
  },
  hear(message) {
    if (message.t === "hello") {
      sent = {};
      for (const yours of message.yours || []) counted[yours.round] = yours;
      settle();
      Object.keys(pending).forEach(send);
    } else if (message.t === "ack") {
      taken(message.cast, message.round, message.choice);
    } else if (message.t === "refused" && message.cast) {
      refuse(message.cast, message.code, message.words);
    }
  },
  tell(how) {
    if (how === "down") sent = {};
    if (how === "poll") Object.keys(pending).forEach(send);
    say();
  },
});
settle();

function ballot() {
  return main.querySelector("[data-ballot]");
}

function submit(event) {
  const form = ballot();
  if (event.target !== form) return;
  event.preventDefault();
  const round = form.dataset.round;
  const { choice, reason } = filled(form);
  const before = pending[round];
  // A double tap is the same ballot, not another one.
  const id = before && before.choice === choice && before.reason === reason ? before.id : fresh();
  pending[round] = { id, choice, reason };
  delete refused[round];
  touched = "";
  keep(shelf, JSON.stringify(pending));
  if (link.how() === "down") link.probe();
  send(round);
}

function send(round) {
  const cast = pending[round];
  if (cast && !sent[cast.id]) {
    if (link.how() === "poll") post(round, cast);
    else if (link.send({ t: "cast", id: cast.id, round, choice: cast.choice, reason: cast.reason })) {
      sent[cast.id] = true;
      // No answer for so long: is the connection still there?
      setTimeout(() => sent[cast.id] && link.probe(), 4000);
    }
  }
  say();
}

async function post(round, cast) {
  sent[cast.id] = true;
  try {
    const body = new URLSearchParams({ round, choice: cast.choice, reason: cast.reason, cast: cast.id });
    const answer = await fetch(path + "/vote", { method: "POST", headers: { Accept: "application/json" }, body });
    const said = await answer.json();
    if (answer.ok) taken(cast.id, round, cast.choice);
    else if (answer.status < 500) refuse(cast.id, said.error.code, said.error.words);
  } catch (error) {
    // It stays pending, and goes again with the next news.
  }
  delete sent[cast.id];
  say();
}

function taken(id, round, choice) {
  delete sent[id];
  const cast = pending[round];
  if (cast && cast.id === id) {
    counted[round] = { choice, reason: cast.reason };
    drop(round);
  } else if (!cast) {
    counted[round] = { choice, reason: (counted[round] || {}).reason || "" };
  }
  say();
}

function refuse(id, code, words) {
  delete sent[id];
  const round = Object.keys(pending).find((key) => pending[key].id === id);
  if (!round) return;
  if (AGAIN.includes(code)) {
    setTimeout(() => send(round), 2000 + 3000 * Math.random());
  } else {
    refused[round] = words;
    drop(round);
  }
  say();
}

function drop(round) {
  delete pending[round];
  keep(shelf, JSON.stringify(pending));
}

// Brings what this phone knows of its own into what the server drew for everybody.
function settle() {
  const form = ballot();
  const round = main.dataset.round;
  const mine = pending[round] || counted[round];
  if (form && mine && touched !== round) {
    const choice = form.querySelector(`[name=choice][value="${mine.choice}"]`);
    if (choice) choice.checked = true;
    form.elements.reason.value = mine.reason;
  }
  const scene = main.querySelector("[data-story] details");
  if (scene && scene.parentNode.dataset.story === kept("forum reading")) scene.open = true;
  say();
}

function say() {
  const place = main.querySelector("[data-status]");
  const round = main.dataset.round;
  if (!place || !round) return;
  const form = ballot();
  const mine = counted[round];
  let is = "";
  if (pending[round]) is = sent[pending[round].id] ? "sending" : "waiting";
  else if (refused[round]) is = "refused";
  else if (mine) is = !form ? "final" : touched === round && differs(form, mine) ? "edited" : "counted";
  if (!is) {
    // What the server wrote into the page stays until this phone knows better.
    if (written === place) place.textContent = place.dataset.is = "";
    return;
  }
  const answer = mine ? label(mine.choice) : "";
  if (mine && !answer && place.textContent) return;
  const words = (kind) => main.dataset["say" + kind[0].toUpperCase() + kind.slice(1)].replace("{answer}", answer);
  // A change that came too late: what counts is what was counted before.
  const text = is === "refused" ? [words(is), refused[round], mine ? words("final") : ""].join(" ").trim() : words(is);
  written = place;
  place.dataset.is = is === "final" ? "counted" : is;
  if (place.textContent !== text) place.textContent = text;
}

function filled(form) {
  const data = new FormData(form);
  return { choice: data.get("choice") || "", reason: (data.get("reason") || "").trim() };
}

function differs(form, mine) {
  const now = filled(form);
  return now.choice !== mine.choice || now.reason !== mine.reason;
}

function label(choice) {
  const place = main.querySelector(`[data-choice="${choice}"]`);
  return place ? place.textContent.trim() : labels[choice] || "";
}

// crypto.randomUUID is not to be had over plain HTTP, getRandomValues is.
function fresh() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function load() {
  try {
    return JSON.parse(localStorage.getItem(shelf)) || {};
  } catch (error) {
    return {};
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch (error) {
    // A browser that keeps nothing (private mode, full): the ballot lives as long as the page.
  }
}

function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch (error) {
    return null;
  }
}
