// The programme's editing page: cues are dragged, and a move keeps the focus where it was. Everything is also a plain
// form, which is what this sends.

import { ask } from "../ask.js";

const AGAIN = 5000;

const place = () => document.querySelector("[data-programme]");
const news = () => document.querySelector("[data-news]");
const alert = () => document.querySelector("[data-alert]");
let dragged = null;
let before = null; // the cue in front of which the dragged one would land, null for the end of `list`
let list = null;

async function send(body, focus, id) {
  let refused = "";
  let answered = false;
  try {
    const told = await ask(place().dataset.programme, { body });
    answered = told.ok;
    refused = told.ok ? "" : told.words;
  } catch (error) {
    complain(place().dataset.sayFailed);
  }
  // Also where no answer came: as the programme is now, so one sees whether it was done.
  if (!(await renew())) return;
  complain(refused);
  const moved = id && document.querySelector(`[data-item="${CSS.escape(id)}"]`);
  if (moved && answered) tell(moved);
  const target = (focus && document.getElementById(focus)) || (moved && moved.querySelector("button"));
  if (target) target.focus();
}

// The page as Forum has it now, asked for until it comes; false where it may not be had any more.
async function renew() {
  for (;;) {
    try {
      const told = await ask(place().dataset.programme, { page: true });
      if (told.ok) {
        document.querySelector("main").replaceWith(told.page.querySelector("main"));
        arm();
        return true;
      }
      complain(told.words);
      if (told.over) return false;
    } catch (error) {
      complain(place().dataset.sayFailed);
    }
    await new Promise((soon) => setTimeout(soon, AGAIN));
  }
}

function complain(words) {
  alert().textContent = words;
  alert().hidden = !words;
  if (words) alert().scrollIntoView({ block: "nearest" });
}

function tell(item) {
  const section = item.closest("[data-section]");
  const number = Array.from(section.children).indexOf(item) + 1;
  const said = place().dataset.sayMoved;
  news().textContent = said
    .replace("{name}", item.dataset.name)
    .replace("{number}", number)
    .replace("{section}", section.dataset.name);
}

function clear() {
  document.querySelectorAll(".drop, .drop-end").forEach((each) => each.classList.remove("drop", "drop-end"));
}

function over(event) {
  if (!dragged) return;
  const target = event.target.closest("[data-section]");
  if (!target) return;
  event.preventDefault();
  clear();
  list = target;
  before = Array.from(target.children).find((item) => {
    const box = item.getBoundingClientRect();
    return item !== dragged && event.clientY < box.top + box.height / 2;
  });
  (before || target).classList.add(before ? "drop" : "drop-end");
}

function drop(event) {
  if (!dragged || !list) return;
  event.preventDefault();
  const id = dragged.dataset.item;
  clear();
  send(
    new URLSearchParams({ act: "put", id, section: list.dataset.section, before: before ? before.dataset.item : "" }),
    "",
    id,
  );
}

function arm() {
  const all = place();
  if (!all) return;
  all.querySelectorAll("[data-item]").forEach((item) => (item.draggable = true));
  all.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-item]");
    if (dragged) event.dataTransfer.setData("text/plain", dragged.dataset.name);
  });
  all.addEventListener("dragover", over);
  all.addEventListener("drop", drop);
  all.addEventListener("dragend", () => {
    clear();
    dragged = list = before = null;
  });
  all.addEventListener("submit", (event) => {
    const form = event.target;
    const act = form.elements.act.value;
    if (!["up", "down", "section_up", "section_down"].includes(act)) return;
    event.preventDefault();
    const id = form.elements.id.value;
    send(new URLSearchParams(new FormData(form)), `${act.replace("section_", "")}-${id}`, id);
  });
}

arm();
