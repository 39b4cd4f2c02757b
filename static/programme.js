// The programme's editing page: cues are dragged, and a move keeps the focus where it was. Everything is also a plain
// form, which is what this sends.

const place = () => document.querySelector("[data-programme]");
const news = () => document.querySelector("[data-news]");
let dragged = null;
let before = null; // the cue in front of which the dragged one would land, null for the end of `list`
let list = null;

async function send(body, focus, id) {
  try {
    const answer = await fetch(place().dataset.programme, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(page.querySelector("main"));
    arm();
    const moved = id && document.querySelector(`[data-item="${CSS.escape(id)}"]`);
    if (moved) tell(moved);
    const target = (focus && document.getElementById(focus)) || (moved && moved.querySelector("button"));
    if (target) target.focus();
  } catch (error) {
    news().textContent = place().dataset.sayFailed;
  }
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
