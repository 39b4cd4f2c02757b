// The facilitator's console: its forms go by fetch, so that nothing typed is lost and errors appear beside the button.
// An act of another facilitator redraws a part; half-typed words, open menus and the focus stay (carry-input.js).
// Without a socket it asks again every few seconds. Keys press the buttons that are there (shortcuts.js).

import { ask } from "../ask.js";
import { carrying } from "./carry-input.js";
import { keys } from "./shortcuts.js";
import { watch } from "./room-connection.js";

const AGAIN = 5000;

const main = document.getElementById("screen");
const alert = document.querySelector("[data-alert]");
const line = document.querySelector("[data-connection]");
const carried = carrying(main, document.querySelector("[data-kept]"));
let asking = 0;
let came = false; // whether the last question was answered

let pages = 0; // into how many the result on the big screen is cut

const link = watch(main, {
  still: true,
  state: turns,
  hear(message) {
    if (message.t !== "tally") return;
    pages = message.pages || 0;
    turns();
  },
  carry: carried.carry,
  twin: carried.twin,
  tell(how) {
    if (how === "down") {
      // Every attempt that fails says "down" again: that must neither put off the next question nor undo its answer.
      if (asking) say();
      else asking = setTimeout(look, AGAIN);
    } else {
      asking = clearTimeout(asking) || 0;
      came = false;
    }
  },
});
keys(main);

// The buttons that turn the big screen's pages are there while it has some.
function turns() {
  const place = main.querySelector("[data-turns]");
  if (place) place.hidden = pages < 2;
}

function complain(words) {
  alert.textContent = words;
  alert.hidden = !words;
  if (words) alert.scrollIntoView({ block: "nearest" });
}

// The page as the server has it now; whether it came.
async function renew() {
  try {
    const told = await ask(location.href, { page: true });
    // Signed out, say: what is on cannot be had here any more.
    if (!told.ok && alert.textContent !== told.words) complain(told.words);
    const fresh = told.ok && told.page.getElementById("screen");
    if (!fresh) return false;
    const { history } = fresh.dataset;
    if (history === main.dataset.history && Number(fresh.dataset.version) < Number(main.dataset.version)) return true;
    Object.assign(main.dataset, { history, version: fresh.dataset.version, cue: fresh.dataset.cue, round: fresh.dataset.round });
    link.show(fresh.innerHTML, false);
    return true;
  } catch (error) {
    return false;
  }
}

function say() {
  line.dataset.is = came ? "poll" : "down";
  line.textContent = came ? line.dataset.sayPoll : line.dataset.sayDown;
  document.body.classList.toggle("is-down", !came);
}

async function look() {
  const answered = await renew();
  if (!asking) return;
  came = answered;
  say();
  asking = setTimeout(look, AGAIN);
}

main.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  if (event.submitter && event.submitter.name) body.append(event.submitter.name, event.submitter.value);
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  let done = false;
  try {
    const told = await ask(form.getAttribute("action"), { body });
    done = told.ok;
    complain(done ? "" : told.words);
    if (done && form.hasAttribute("data-reset")) carried.now(form).reset();
    else if (done) carried.sent(carried.now(form));
    if (done && link.how() !== "up") await renew();
  } catch (error) {
    complain(alert.dataset.sayOffline);
  }
  const there = carried.now(form);
  for (const each of [form, there]) delete each.dataset.busy;
  if (!done && !main.contains(there)) carried.keep(form);
});
