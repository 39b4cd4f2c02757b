// The pages on which a story is written: every field saves itself. Words that a person reads come from the page
// (data-say-..., templates), never from here. Without this script the same forms save on their buttons.

import { begun as beginning } from "./unfinished-story.js";
import { cards } from "./workspace-cards.js";
import { keeper } from "./edit-queue.js";
import { mark } from "./sha256.js";
import "./copy-link.js";

const box = document.querySelector("[data-writing]");
const say = (name, values = {}) => (box.dataset["say" + name[0].toUpperCase() + name.slice(1)] || "").replace(/%\((\w+)\)s/g, (_, key) => values[key]);
const begins = box.dataset.begins || "";
const form = document.getElementById("step");
const line = box.querySelector("[data-saving]");
const news = box.querySelector("[data-saving-news]");

let address = box.dataset.save;
let begun = !begins;
const first = begins ? beginning(box, begins, get) : null;
let leaving = ""; // where to go once everything is saved
let told = "";

// ---------------------------------------------------------------- fields

// The box of a field that is a list of ticks and lines, else null.
const listOf = (path) => box.querySelector(`[data-list="${path}"]`);
const controls = (path) => Array.from((listOf(path) || box).querySelectorAll(`[name="${path}"]`));

function get(path) {
  const list = listOf(path);
  if (list) {
    const ticked = controls(path).filter((tick) => tick.checked).map((tick) => tick.value);
    const own = list.querySelector("textarea").value.split("\n").map((item) => item.trim().replace(/\s+/g, " "));
    return Array.from(new Set([...ticked, ...own.filter(Boolean)])).join("\n");
  }
  const all = controls(path);
  if (!all.length) return null;
  if (all[0].type === "radio") return (all.find((one) => one.checked) || { value: "" }).value;
  if (all[0].type === "checkbox") return all[0].checked ? all[0].value : "";
  return all[0].value.replace(/\r\n?/g, "\n");
}

function set(path, text) {
  const list = listOf(path);
  const all = controls(path);
  if (list) {
    const items = text.split("\n");
    const offered = all.map((tick) => tick.value);
    all.forEach((tick) => (tick.checked = items.includes(tick.value)));
    list.querySelector("textarea").value = items.filter((item) => !offered.includes(item)).join("\n");
  } else if (all.length && (all[0].type === "radio" || all[0].type === "checkbox")) {
    all.forEach((one) => (one.checked = one.value === text));
  } else if (all.length) {
    all[0].value = text;
  }
  changed(path);
}

// The field that a control belongs to, "" for one that is not saved.
function pathOf(control) {
  const list = control.closest("[data-list]");
  const path = list ? list.dataset.list : control.name;
  return path && box.querySelector(`[name="seen:${path}"]`) ? path : "";
}

function learn(where) {
  for (const seen of where.querySelectorAll('[name^="seen:"]')) {
    const path = seen.name.slice(5);
    words.known.set(path, [...(words.known.get(path) || []), seen.value]);
  }
  where.querySelectorAll("form").forEach((one) => (one.autocomplete = "off")); // the browser's memory is older than ours
  where.querySelectorAll("[data-most]").forEach(count);
}

// Whatever stands in a field and is not saved: typed before this script was there, or put in by the browser.
function gather() {
  for (const seen of box.querySelectorAll('[name^="seen:"]')) {
    const path = seen.name.slice(5);
    const list = listOf(path);
    // A list may stand in another order than it was written in: as the page came it is nobody's change.
    if (list && Array.from(list.querySelectorAll("input, textarea")).every(untouched)) continue;
    words.put({ do: "set", field: path, text: get(path) });
  }
}

const untouched = (control) => (control.type === "checkbox" ? control.checked === control.defaultChecked : control.value === control.defaultValue);

// Updates the parts of the page that depend on a field: the characters left, the headings of cards.
function changed(path) {
  const [control] = controls(path);
  const most = control && control.closest("[data-most]");
  if (most) count(most);
  if (workspace) workspace.changed(path);
}

function count(most) {
  const area = most.querySelector("textarea");
  const over = area.value.length - Number(most.dataset.most);
  let hint = most.querySelector("[data-count]");
  if (!hint) {
    hint = document.createElement("p");
    hint.dataset.count = "";
    hint.className = "hint";
    area.after(hint);
  }
  hint.textContent = over > 0 ? say("over", { n: over }) : over > -0.1 * most.dataset.most ? say("left", { n: -over }) : "";
  hint.classList.toggle("wrong", over > 0);
}

// ---------------------------------------------------------------- saving

let words = open(box.dataset.shelf);
const workspace = box.querySelector("[data-cards]") && cards(box, { put: (edit) => words.put(edit, true), get, known: words.known, learn, flush: () => words.flush() });

function open(shelf) {
  return keeper({
    path: () => address,
    shelf,
    more: (bundle) => ({
      ...(begun ? {} : { commission: begins }),
      parts: [...(box.dataset.parts || "").split(" ").filter(Boolean), ...(workspace && workspace.moved(bundle) ? ["paths"] : [])],
    }),
    tell,
    heard,
    restore(edit) {
      if (edit.do === "set") {
        if (get(edit.field) !== null && get(edit.field) !== edit.text) set(edit.field, edit.text);
      } else if (workspace) workspace.show(edit);
    },
    restored: () => announce(say("back")),
  });
}

function tell(how) {
  line.hidden = false;
  line.dataset.is = how;
  line.firstElementChild.textContent = leaving && how === "offline" ? say("leaving") : say(how);
  // Aloud only what changes for good: not each "saving", and "saved" once after something else.
  if (how !== "saving" && how !== told) {
    if (how !== "saved" || told) announce(line.firstElementChild.textContent);
    told = how;
  }
  if (leaving) leave();
}

function announce(text) {
  news.textContent = text;
}

function leave() {
  if (words.holding() && !words.waiting()) {
    leaving = "";
    const first = box.querySelector(".clash, .wrong");
    if (first) first.focus();
  } else if (!words.waiting()) {
    const to = leaving;
    leaving = "";
    if (first) first.forget();
    location.href = to;
  }
}

function heard(answer) {
  if (Object.keys(answer.marks).length || answer.clashes.length) begin();
  for (const [path, text] of Object.entries(answer.marks)) {
    for (const seen of box.querySelectorAll(`[name="seen:${path}"]`)) seen.value = text;
    right(path);
  }
  for (const [path, sentence] of Object.entries(answer.errors)) wrong(path, sentence);
  for (const clash of answer.clashes) choose(clash);
  for (const [name, html] of Object.entries(answer.parts || {})) {
    const part = box.querySelector(`[data-part="${name}"]`);
    if (!part) continue;
    const opened = Array.from(part.querySelectorAll("details"), (one) => one.open);
    part.innerHTML = html;
    part.querySelectorAll("details").forEach((one, n) => (one.open = opened[n] || false));
  }
  if (workspace) workspace.changed("");
}

function place(path) {
  const [control] = path === "main" || path === "cards" ? [] : controls(path);
  return control ? listOf(path) || control.closest(".f") || control.parentElement : null;
}

function wrong(path, sentence) {
  right(path);
  const where = place(path);
  const note = document.createElement("p");
  note.className = "wrong";
  note.id = path + "-wrong";
  note.tabIndex = -1;
  note.textContent = sentence;
  if (!where) return line.after(note);
  const [control] = controls(path);
  control.before(note);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", note.id);
}

function right(path) {
  const note = document.getElementById(path + "-wrong");
  if (!note) return;
  note.remove();
  const [control] = controls(path);
  if (control) control.removeAttribute("aria-invalid");
  if (control) control.removeAttribute("aria-describedby");
}

// ---------------------------------------------------------------- somebody else wrote there too

function choose(clash) {
  const field = clash.field;
  box.querySelectorAll(".clash").forEach((one) => one.dataset.clash === field && one.remove());
  const holder = document.createElement("div");
  holder.innerHTML = clash.html;
  const both = holder.firstElementChild;
  const where = place(field);
  if (where) where.after(both);
  else line.after(both);
  for (let around = both.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  both.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (!button) return;
    const held = words.held(field);
    const mine = held ? held.text : get(field) || "";
    const seen = both.dataset.seen;
    const what = button.dataset.choose;
    both.remove();
    if (what === "look") return (location.href = `${location.pathname}?open=${field.split(/[./]/)[0]}`);
    if (what === "mine") words.choose(field, seen, mine);
    if (what === "back") {
      words.choose(field, mark(""), mine, true);
      if (!controls(field).length) leaving = location.pathname; // to see it again, once it is there
    }
    if (what === "both") {
      const text = [clash.theirs, mine].filter(Boolean).join("\n\n");
      words.choose(field, seen, text);
      set(field, text);
    }
    if (what === "theirs") {
      words.choose(field, seen, null);
      set(field, clash.theirs);
    }
    if (what === "leave") {
      words.choose(field, seen, null);
      if (workspace) workspace.gone(field);
    }
    const [control] = controls(field);
    if (control) control.focus();
    else box.focus();
  });
  // The focus is not taken from a field elsewhere on the page; the line at the top tells its writer.
  const here = document.activeElement;
  if (here === document.body || (where && where.contains(here))) both.focus();
}

// ---------------------------------------------------------------- a story that has not begun

function begin() {
  if (begun) return;
  begun = true;
  first.remember(true);
}

// Words of a first page that was left: the story they belong to is the one of this page from now on.
function bring({ key, shelf, there, fields }) {
  const back = box.dataset.save.replace(/[\w-]+\/save$/, key);
  box.dataset.shelf = shelf;
  if (there) {
    // The server has it: its first step shows it, with what only this phone has.
    first.forget();
    location.href = back + "/write/happened";
    return;
  }
  form.elements.key.value = key;
  address = back + "/save";
  for (const button of box.querySelectorAll("[data-to]")) button.dataset.to = button.dataset.to.replace(/^.*\/my-story\/[\w-]+/, back);
  words = open(shelf);
  learn(box);
  for (const [path, value] of fields) {
    set(path, value);
    words.put({ do: "set", field: path, text: value });
  }
  words.look();
}

// ---------------------------------------------------------------- what a person does

function written(event) {
  const path = pathOf(event.target);
  if (!path) return;
  leaving = "";
  const whole = event.type === "change" && (event.target.type === "radio" || event.target.type === "checkbox" || event.target.tagName === "SELECT");
  words.put({ do: "set", field: path, text: get(path) }, whole);
  if (first) first.remember(begun);
  changed(path);
}

box.addEventListener("input", written);
box.addEventListener("change", written);
box.addEventListener("focusout", () => words.hurry());

if (form) {
  form.addEventListener("submit", (event) => {
    gather();
    // A story of which nothing is saved yet begins with the form itself.
    if (!begun && !words.waiting()) return;
    event.preventDefault();
    leaving = event.submitter ? event.submitter.dataset.to : form.querySelector("[data-to]").dataset.to;
    words.flush();
    leave();
    if (leaving && navigator.onLine === false) tell("offline");
  });
}

document.documentElement.classList.add("writes");
learn(box);
gather();
if (first) first.offer(bring);
words.look();
