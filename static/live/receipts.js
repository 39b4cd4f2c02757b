// Receipts of one's own votes: kept on this device, saved as files, printed. Nothing of it is sent anywhere.

import { ask } from "../ask.js";

const SHELF = "forum receipt ";
const said = document.querySelector("[data-said]");
const list = document.querySelector("[data-kept]");
const print = document.querySelector("[data-print]");

if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
if (list) {
  for (const button of document.querySelectorAll("[data-keep]")) {
    button.hidden = false;
    button.addEventListener("click", () => keep(button));
  }
  show();
}

async function keep(button) {
  const { keep: round, from, title } = button.dataset;
  try {
    const { ok, text: file } = await ask(from, { text: true });
    if (!ok) throw new Error("no receipt");
    localStorage.setItem(SHELF + round, JSON.stringify({ title, file }));
    said.textContent = said.dataset.sayKept;
  } catch (error) {
    said.textContent = said.dataset.sayFailed;
  }
  show();
}

function show() {
  const kept = there();
  list.hidden = kept.length === 0;
  list.querySelector("ul").replaceChildren(...kept.map(card));
}

function card([name, { title, file }]) {
  const made = list.querySelector("template").content.cloneNode(true);
  made.querySelector("h3").textContent = title;
  for (const hidden of made.querySelectorAll(".hide")) hidden.textContent = `: ${title}`;
  const save = made.querySelector("a");
  save.href = URL.createObjectURL(new Blob([file], { type: "application/json" }));
  save.download = `receipt-${name.slice(SHELF.length, SHELF.length + 8)}.json`;
  made.querySelector("button").addEventListener("click", () => {
    localStorage.removeItem(name);
    said.textContent = said.dataset.sayGone;
    show();
    said.scrollIntoView({ block: "nearest" });
  });
  return made;
}

function there() {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(SHELF));
    return names.sort().map((name) => [name, JSON.parse(localStorage.getItem(name))]);
  } catch (error) {
    return []; // a browser that keeps nothing
  }
}
