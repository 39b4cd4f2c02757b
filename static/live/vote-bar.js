// The bar under a ballot, which stays in sight: what the vote is, and what pressing does. For a phone in a room
// (phone.js), and for a question that is answered alone (answer-alone.js).

export const WORDS = ["reason", "condition"];

let docked = null; // the bar whose height the page keeps free below
const height = new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--dock", `${target.offsetHeight}px`));

export function dock(bar) {
  if (bar && bar !== docked) height.observe((docked = bar));
}

// `words` are the bar's own, as data-bar-… and data-more-… have them; `named` says an answer's `letter` and `label`;
// `mine` is what is counted, `going` what is on its way, and `is` how the vote stands.
export function drawBar(bar, form, words, named, { is, mine, going }) {
  const then = bar.querySelector("[data-status]").dataset.then;
  const brief = (choice) => spoken(choice, then || ", ", named) || named.label(choice);
  const now = filled(form);
  const told = (kind, choice, more = "") => paint(bar, kind, words["bar" + kind[0].toUpperCase() + kind.slice(1)].replace("{answer}", brief(choice)), more);
  const lacking = lack(form, now);
  if (going && !differs(form, going)) told(is === "sending" ? "sending" : "waiting", going.choice);
  else if (is === "counted") told("counted", mine.choice, words[mine.reason || mine.condition ? "moreSaid" : "moreCounted"]);
  else if (lacking) paint(bar, "", words[lacking] || ofAll(form, bar.dataset.sayChoose));
  else if (mine && now.choice === mine.choice && differs(form, mine)) told("words", now.choice);
  else if (mine || going) told("edited", now.choice, words.moreEdited);
  else told("ready", now.choice, then || !named.letter(now.choice) ? "" : named.label(now.choice));
}

export function paint(bar, is, words, more = "") {
  bar.dataset.is = is;
  const button = bar.querySelector("button");
  const lines = [words, more].filter(Boolean);
  if (lines.join("\n") === Array.from(button.children, (line) => line.textContent).join("\n")) return;
  button.replaceChildren(...lines.flatMap((line, at) => (at ? [" ", piece(line)] : [piece(line)])));
}

function piece(words) {
  const line = document.createElement("span");
  line.textContent = words;
  return line;
}

// What there must be before this can be sent: "" for nothing, else which words of the page say so.
function lack(form, { choice }) {
  const needs = form.querySelector("[data-needs]:checked");
  if (needs && !form.elements[needs.dataset.needs].value.trim()) return "bar" + needs.dataset.needs[0].toUpperCase() + needs.dataset.needs.slice(1);
  const lines = form.querySelectorAll("[data-score]").length;
  return !choice || (lines && choice.split(" ").length < lines) ? "choose" : "";
}

// Fills in how many lines have a number, where every line needs one.
function ofAll(form, words) {
  return words.replace("{number}", form.querySelectorAll("[data-score] :checked").length).replace("{all}", form.querySelectorAll("[data-score]").length);
}

export function filled(form) {
  const data = new FormData(form);
  return { choice: chosen(form, data), ...Object.fromEntries(WORDS.map((name) => [name, (data.get(name) || "").trim()])) };
}

// The choice as one line of text, by what the form is made of: a list to be put in order, numbers from 1, boxes to tick.
// It is written as forum/voting/methods/ says: one way of voting has one text only.
function chosen(form, data) {
  const given = (kind) => [...data].filter(([name, value]) => name.startsWith(kind) && value);
  if (form.querySelector("[data-rank]")) return given("rank-").sort((a, b) => a[1] - b[1]).map(([name]) => name.slice(5)).join(">");
  return [...given("score-").map(([name, value]) => name.slice(6) + "=" + value), ...data.getAll("choice")].join(" ");
}

// A condition or an objection needs its words. Gives whether the place for words has come into sight by this.
export function needed(form, counted) {
  const chosen = form.querySelector("[data-needs]:checked");
  for (const name of ["reason", "condition"]) {
    const box = form.elements[name];
    if (!box) continue;
    box.required = Boolean(chosen) && chosen.dataset.needs === name;
    if (box.required && box.closest("details")) box.closest("details").open = true;
  }
  // The words are asked once the vote is counted; before only where the choice needs them.
  const why = form.querySelector("[data-why]");
  const before = why.hidden;
  why.hidden = !(counted || chosen || WORDS.some((name) => form.elements[name] && form.elements[name].value.trim()));
  return before && !why.hidden;
}

export function differs(form, mine) {
  const now = filled(form);
  return now.choice !== mine.choice || WORDS.some((name) => now[name] !== (mine[name] || ""));
}

// A choice in words: the answer itself, or letters with `then` between them, where the method has that.
export function spoken(choice, then, { letter, label }) {
  if (!then) return label(choice);
  const parts = choice.split(/[ >]/).map((part) => part.split("="));
  if (parts.some(([response]) => !letter(response))) return "";
  return parts.map((part) => [letter(part[0]), ...part.slice(1)].join(" ")).join(then);
}
