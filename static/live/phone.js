// A phone of the audience: follows the room, and brings its ballot through whatever the network does.
// It says only what is true: "sending" while it is on its way, "counted" once the server has it on disk.

import { asides } from "./stops-and-reasons.js";
import { ask } from "../ask.js";
import { comfort } from "./display-settings.js";
import { watch } from "./room-connection.js";
import { WORDS, dock, differs, drawBar, filled, needed, paint, spoken } from "./vote-bar.js";

const main = document.getElementById("screen");
const path = main.dataset.path;
const shelf = "forum ballot " + path;
const days = "forum day " + path;
const desk = "forum draft " + path;
const GONE = ["unknown_round", "not_open"]; // what is said of a question that was there before Forum's data went back

// round -> {id, choice, reason, condition, asked, tried}: neither counted nor refused yet; `tried` once it may have arrived
const pending = load(shelf);
// round -> {choice, reason, condition, asked}: what was sent, and is not in the data that Forum went back to
const laid = load(shelf + " laid");
const asked = {}; // round -> what stood in its form: {how, question, answers}
let offered = {}; // round -> the one of `laid` that was put into its form, to be sent once more
let counted = {}; // round -> {choice, reason, condition}: what the server has
const refused = {}; // round -> the server's words
let labels = {}; // response -> its words, of the round on screen
let letters = {}; // response -> its letter there
// round -> {choice, reason, condition}: chosen or typed since it was last sent, and not sent; kept while this tab is open
const drafts = load(desk, true);
let drawn = null; // the form that was last filled in
let written = null; // the status line, once something stands in it that this phone knows
let sent = {}; // id -> the ballot, of those on their way over this connection
const posting = {}; // round -> the ballot in a POST that has no answer yet
let more = null; // what phones send beside votes
const named = { letter, label }; // an answer in words

document.documentElement.classList.add("live");
comfort(main);
main.addEventListener("submit", submit);
for (const kind of ["input", "change"]) {
  main.addEventListener(kind, (event) => {
    const form = ballot();
    if (form && event.target.form === form) {
      if (kind === "change") changed(form, event.target);
      draft(form.dataset.round, filled(form));
    }
    say();
    practise();
  });
}
main.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const form = ballot();
  move(form, button.closest("[data-response]").dataset.response, button.dataset.move);
  draft(form.dataset.round, filled(form));
  say();
});
document.querySelector("[data-typed] button").addEventListener("click", () => {
  for (const round of elsewhere()) forget(round);
});
document.querySelector("[data-laid] button").addEventListener("click", () => {
  for (const round in laid) leave(round);
  offered = {};
  settle();
});
// Somebody who chose to read one scene of a story need not choose again for its next.
main.addEventListener("toggle", (event) => {
  const scene = event.target.closest("[data-story]");
  if (scene) keep("forum reading", event.target.open ? scene.dataset.story : "");
}, true);

const link = watch(main, {
  keep: (part, moved) => ["ballot", "bar", "stop", "mine"].includes(part) && !moved,
  state(message, moved) {
    const missed = document.querySelector("[data-missed]");
    if (moved && missed) missed.remove();
    labels = {};
    letters = {};
    (message.round ? message.round.responses : []).forEach((response, index) => {
      labels[response.id] = response.label;
      letters[response.id] = "ABCDEFGHIJ"[index];
    });
    settle();
    more.settle(counted);
  },
  hear(message) {
    more.hear(message);
    if (message.t === "hello" || message.t === "mine") {
      if (message.t === "hello") sent = {};
      const now = Object.fromEntries(message.yours.map((yours) => [yours.round, yours]));
      if (message.anew) for (const round in counted) if (!now[round]) lay(round, counted[round]);
      for (const round in refused) if (now[round] && counted[round] && now[round].choice !== counted[round].choice) delete refused[round];
      // Answered while a poll was on its way: newer than what that brings.
      for (const round in counted) if (counted[round].at > message.asked) now[round] = counted[round];
      counted = now;
      remember();
      settle();
      if (message.t === "hello") Object.keys(pending).forEach(send);
    } else if (message.t === "ack") {
      taken(message.cast, message.round, message.choice);
    } else if (message.t === "refused" && message.cast) {
      refuse(message.cast, { ...message, over: message.again === false });
    }
  },
  tell(how) {
    if (how === "down") sent = {};
    if (more) more.tell(how);
    if (how === "poll") Object.keys(pending).forEach(send);
    say();
  },
});
more = asides(main, link, fresh, { of: (round) => drafts[round], keep: draft, forget });
early();
settle();

// Keeps the choices that were made before this script was loaded.
function early() {
  const form = ballot();
  const other = (field) => {
    if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    return field.checked !== field.defaultChecked || field.value !== field.defaultValue;
  };
  if (form && [...form.querySelectorAll("input, select, textarea")].some(other)) draft(main.dataset.round, filled(form));
}

function ballot() {
  return main.querySelector("[data-ballot]");
}

function submit(event) {
  const form = ballot();
  if (event.target !== form) return;
  event.preventDefault();
  const round = form.dataset.round;
  const now = filled(form);
  const before = pending[round];
  const mine = counted[round];
  if (!now.choice) return form.querySelector("input:not([type=hidden]), select").focus();
  // It is counted so already, and nothing is to be told of it.
  if (mine && !before && !refused[round] && !differs(form, mine)) return;
  // A double tap is the same ballot, not another one.
  pending[round] = { id: before && !differs(form, before) ? before.id : fresh(), ...now, asked: asked[round] };
  delete refused[round];
  forget(round);
  if (offered[round]) leave(offered[round]);
  delete offered[round];
  tellLate("");
  keep(shelf, JSON.stringify(pending));
  if (link.how() === "down") link.probe();
  send(round);
}

function send(round) {
  const cast = pending[round];
  // After another of the same question has been answered: on two connections the later one may arrive first.
  if (cast && !sent[cast.id] && !posting[round]) {
    if (link.how() === "poll") post(round, cast);
    else if (link.send({ t: "cast", round, ...said(cast), id: cast.id })) {
      tried(cast);
      // No answer for so long: is the connection still there?
      setTimeout(() => sent[cast.id] && link.probe(), 4000);
    }
  }
  say();
}

// Of a vote on a question that is not on screen any more.
function tellLate(words) {
  const place = document.querySelector("[data-late]");
  place.textContent = words;
  place.className = words && "banner warning";
}

// It is on its way: from now on nobody but the server knows whether it is counted.
function tried(cast) {
  sent[cast.id] = cast;
  cast.tried = true;
  keep(shelf, JSON.stringify(pending));
}

function said({ choice, reason, condition }) {
  return { choice, reason, condition };
}

async function post(round, cast) {
  let lost = false;
  posting[round] = cast;
  tried(cast);
  try {
    const body = new URLSearchParams({ ...said(cast), round, cast: cast.id });
    const told = await ask(path + "/vote", { body });
    if (told.ok) taken(cast.id, round, told.facts.choice);
    else refuse(cast.id, told);
  } catch (error) {
    lost = true; // It stays pending, and goes again with the next news.
  }
  delete sent[cast.id];
  delete posting[round];
  // A socket that opened meanwhile brings no such news.
  if (pending[round] && (pending[round].id !== cast.id || (lost && link.how() === "up"))) send(round);
  say();
}

function taken(id, round, choice) {
  const last = pending[round] && pending[round].id === id;
  // Also where a change to it is on its way by now: until that is counted, this is what counts.
  counted[round] = { ...(last ? pending[round] : sent[id] || counted[round]), choice, at: performance.now() };
  delete sent[id];
  if (last) drop(round);
  remember();
  const form = ballot();
  if (form && form.dataset.round === round && needed(form, counted[round])) form.querySelector("[data-why]").scrollIntoView({ block: "nearest" });
  say();
}

// Remembers what was counted, for the page "My day": on this phone alone, until it is cleared there.
function remember() {
  const day = load(days);
  if (day.off) return;
  for (const round in counted) day[round] = counted[round].choice;
  keep(days, JSON.stringify(day));
}

// `told` has a `code`, its `words`, and whether that is `over` for good; if not, the ballot is kept and goes again.
function refuse(id, { code, over, words }) {
  delete sent[id];
  const round = Object.keys(pending).find((key) => pending[key].id === id);
  if (!round) return;
  if (!over) {
    setTimeout(() => send(round), 2000 + 3000 * Math.random());
  } else if (GONE.includes(code) && lay(round, pending[round])) {
    drop(round);
    settle();
  } else {
    refused[round] = words;
    draft(round, { ...said(pending[round]), ...drafts[round] });
    drop(round);
    if (round !== main.dataset.round) tellLate(main.dataset.sayLate + " " + words);
  }
  say();
}

// Keeps what the server does not have any more, to be offered when the same is asked again; whether that can be.
function lay(round, cast) {
  const about = cast.asked || asked[round];
  if (about) {
    laid[round] = { ...cast, asked: about };
    keep(shelf + " laid", JSON.stringify(laid));
  }
  return Boolean(about);
}

function leave(round) {
  delete laid[round];
  keep(shelf + " laid", JSON.stringify(laid));
}

// Puts what was laid aside into the form of the same question, and shows the rest of it.
function offer(form, round) {
  if (form) {
    const answers = Array.from(form.querySelectorAll("[data-choice]"), (one) => [one.dataset.choice, one.textContent.trim()]).sort();
    asked[round] = { how: form.dataset.ballot, question: form.querySelector("legend").textContent.trim(), answers };
    const same = (key) => key === round || JSON.stringify(laid[key].asked) === JSON.stringify(asked[round]);
    const key = Object.keys(laid).find(same);
    if (key && (counted[round] || pending[round])) leave(key);
    else if (key && !drafts[round]) {
      drafts[round] = laid[key];
      offered[round] = key;
    }
  }
  const place = document.querySelector("[data-laid]");
  const rest = Object.keys(laid).filter((key) => key !== offered[round]);
  place.hidden = !rest.length;
  place.querySelector(".lines").textContent = rest.map((key) => inWords(laid[key])).join("\n\n");
}

function inWords({ asked: { question, answers }, choice, reason, condition }) {
  const said = choice.split(/[ >]/).map((part) => part.split("="));
  const named = said.map(([id, score]) => [(answers.find(([answer]) => answer === id) || [])[1] || id, score].filter(Boolean).join(": "));
  return [question, named.join(", "), reason, condition].filter(Boolean).join("\n");
}

function drop(round) {
  delete pending[round];
  keep(shelf, JSON.stringify(pending));
}

// Brings what this phone knows of its own into what the server drew for everybody.
function settle() {
  const form = ballot();
  const round = main.dataset.round;
  offer(form, round);
  // An unsent choice stays: it is put back into a form that was drawn anew, and left alone in the same one.
  const mine = drafts[round] ? form !== drawn && drafts[round] : pending[round] || counted[round];
  if (form && mine) {
    fill(form, mine.choice);
    for (const name of WORDS) form.elements[name].value = mine[name] || "";
  }
  if (form) needed(form, counted[round]);
  drawn = form;
  const scene = main.querySelector("[data-story] details");
  if (scene && scene.parentNode.dataset.story === kept("forum reading")) scene.open = true;
  say();
  practise();
  tellTyped();
  dock(main.querySelector("[data-part=bar]"));
}

// Keeps what is in a form and not sent, so that it outlives the form, and the page.
function draft(round, words) {
  drafts[round] = { choice: (counted[round] || {}).choice || "", ...drafts[round], ...words };
  keep(desk, JSON.stringify(drafts), true);
}

function forget(round) {
  delete drafts[round];
  keep(desk, JSON.stringify(drafts), true);
  tellTyped();
}

// The questions whose typed words have no form on screen.
function elsewhere() {
  const mine = main.querySelector("[data-mine] [name=round]");
  const here = [ballot() && main.dataset.round, mine && mine.value];
  const news = (round) => WORDS.some((name) => drafts[round][name] && drafts[round][name] !== (counted[round] || {})[name]);
  return Object.keys(drafts).filter((round) => !here.includes(round) && news(round));
}

function tellTyped() {
  const place = document.querySelector("[data-typed]");
  const rounds = elsewhere();
  place.hidden = !rounds.length;
  place.querySelector(".lines").textContent = rounds.map((round) => WORDS.map((name) => drafts[round][name]).filter(Boolean).join("\n")).join("\n\n");
}

function say() {
  const place = main.querySelector("[data-status]");
  const round = main.dataset.round;
  if (!place || !round) return draw(null);
  const form = ballot();
  const mine = counted[round];
  let is = "";
  if (pending[round] && link.how() === "gone") is = "lost";
  else if (pending[round]) is = sent[pending[round].id] || posting[round] ? "sending" : pending[round].tried ? "unsure" : "waiting";
  else if (refused[round]) is = "refused";
  else if (offered[round] && drafts[round] && form && !mine) is = "offered";
  else if (mine) is = !form ? "final" : drafts[round] && differs(form, mine) ? "edited" : "counted";
  draw(form, is);
  if (!is) {
    // The server's words stay on the page until this phone knows better.
    if (written === place) place.textContent = place.dataset.is = "";
    return;
  }
  const answer = mine ? spoken(mine.choice, place.dataset.then, named) : "";
  if (mine && !answer && place.textContent) return;
  const words = (kind) => main.dataset["say" + kind[0].toUpperCase() + kind.slice(1)].replace("{answer}", answer);
  // A change that came too late: what counts is what was counted before.
  const text = is === "refused" ? [words(is), refused[round], mine ? words("final") : ""].join(" ").trim() : words(is);
  written = place;
  place.dataset.is = { final: "counted", unsure: "waiting", offered: "waiting", lost: "refused" }[is] || is;
  if (place.textContent !== text) place.textContent = text;
}

function draw(form, is) {
  const bar = main.querySelector("[data-part=bar]");
  const round = main.dataset.round;
  if (form && bar) drawBar(bar, form, main.dataset, named, { is, mine: counted[round], going: pending[round] });
}

// The practice question's bar says the same, and keeps nothing.
function practise() {
  const bar = main.querySelector("[data-practice-bar]");
  if (!bar) return;
  const chosen = bar.closest("form").querySelector(":checked");
  if (chosen) paint(bar, "ready", main.dataset.barReady.replace("{answer}", chosen.labels[0].textContent.trim()));
  else paint(bar, "", bar.dataset.sayChoose);
}

function fill(form, choice) {
  if (form.querySelector("[data-rank]")) arrange(form, choice.split(">"));
  for (const part of choice.split(" ")) {
    const [response, score] = part.split("=");
    const step = score && form.querySelector(`[name="score-${response}"][value="${score}"]`);
    if (step) step.checked = true;
  }
  for (const box of form.querySelectorAll("[name=choice]")) box.checked = choice.split(" ").includes(box.value);
}

// Updates the form after one field was changed.
function changed(form, field) {
  if (field.tagName === "SELECT") {
    const response = field.closest("[data-response]").dataset.response;
    const order = ranking(form).filter((other) => other !== response);
    if (field.value) order.splice(field.value - 1, 0, response);
    arrange(form, order, response);
  } else if (field.type === "checkbox" && field.checked) {
    for (const box of form.querySelectorAll("[name=choice]")) {
      if ((box.value === "none") !== (field.value === "none")) box.checked = false;
    }
  }
  needed(form, counted[form.dataset.round]);
}

// The responses that have a number, in that order; the one just changed is where the others leave room.
function ranking(form) {
  return [...form.querySelectorAll("[data-response]")]
    .filter((item) => item.querySelector("select").value)
    .sort((a, b) => a.querySelector("select").value - b.querySelector("select").value)
    .map((item) => item.dataset.response);
}

function move(form, response, where) {
  const order = ranking(form);
  const at = order.indexOf(response);
  if (where === "up" && at < 0) order.push(response);
  else if (where === "up" && at > 0) order.splice(at - 1, 2, response, order[at - 1]);
  else if (where === "down" && at >= 0) order.splice(at, 2, ...(at + 1 < order.length ? [order[at + 1], response] : []));
  arrange(form, order, response);
}

// Puts the list into this order, numbers and all; nothing can stand after "none of these".
function arrange(form, order, about) {
  const list = form.querySelector("[data-rank]");
  const focused = document.activeElement;
  if (order.includes("none")) order = [...order.filter((response) => response !== "none"), "none"];
  const items = [...list.children].sort((a, b) => place(a) - place(b));
  for (const item of items) {
    item.querySelector("select").value = order.includes(item.dataset.response) ? place(item) + 1 : "";
    list.append(item);
  }
  if (list.contains(focused)) focused.focus();
  if (about) {
    const at = order.indexOf(about);
    const words = at < 0 ? list.dataset.sayOut : list.dataset.say;
    form.querySelector("[data-ranked]").textContent = words.replace("{answer}", label(about)).replace("{place}", at + 1);
  }

  function place(item) {
    const at = order.indexOf(item.dataset.response);
    return at < 0 ? 100 + letter(item.dataset.response).charCodeAt(0) : at;
  }
}

function letter(response) {
  const place = main.querySelector(`[data-choice="${response}"]`);
  return (place && place.dataset.letter) || letters[response] || "";
}

function label(choice) {
  const place = main.querySelector(`[data-choice="${choice}"]`);
  return place ? place.textContent.trim() : labels[choice] || "";
}

// crypto.randomUUID is not to be had over plain HTTP, getRandomValues is.
function fresh() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// `tab`: in the storage that goes when the tab is closed.
function load(name, tab) {
  try {
    return JSON.parse((tab ? sessionStorage : localStorage).getItem(name)) || {};
  } catch (error) {
    return {};
  }
}

function keep(name, value, tab) {
  try {
    (tab ? sessionStorage : localStorage).setItem(name, value);
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
