// The cards of the workspace: adding, moving and removing them, with the network or without. What is done here to the
// page is done to the draft by the same edit on the server (forum/stories/edits.py), so that both are the same afterwards.

import { mark } from "./sha256.js";

const YES = "yes";
const GO_ON = "Go on"; // the words that the server gives a way on which nobody has worded yet

export function cards(box, { put, get, known, learn, flush }) {
  const list = box.querySelector("[data-cards]");
  const every = () => Array.from(list.querySelectorAll(":scope > [data-card]"));
  const card = (id) => every().find((one) => one.dataset.card === id);
  const ways = (one) => Array.from(one.querySelectorAll("[data-ways] > [data-way]"));
  const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => (byte % 36).toString(36)).join("");
  const template = (name) => box.querySelector(`template[data-new="${name}"]`).innerHTML;

  function made(html, names) {
    const holder = document.createElement("template");
    holder.innerHTML = Object.entries(names).reduce((text, [name, id]) => text.split(name).join(id), html);
    return holder.content.firstElementChild;
  }

  function write(path, text) {
    const control = box.querySelector(`[name="${path}"]`);
    if (!control) return;
    if (control.type === "checkbox") control.checked = text === YES;
    else control.value = text;
    known.set(path, [mark(text)]);
  }

  // ------------------------------------------------ what an edit does to the page

  const acts = {
    add_card({ card: id, after, decision }) {
      if (card(id)) return;
      const one = made(template(decision ? "decision" : "scene"), { CARDID: id, NEWID: fresh() });
      const before = after && card(after);
      if (before) before.after(one);
      else list.append(one);
      learn(one);
      write(`${id}.decision`, decision || "");
      refresh();
      if (!before || before.dataset.kind === "decision" || real(before).length > 1) return;
      // The story goes on through the new card.
      const [onward] = real(before);
      const to = onward ? get(`${after}/${onward.dataset.way}.to`) : "";
      if (!onward) way(before, id, GO_ON, id);
      else write(`${after}/${onward.dataset.way}.to`, id);
      if (onward && to && !decision) way(one, id, GO_ON, to);
      refresh();
    },
    add_way({ card: id, way: name, text, to }) {
      const one = card(id);
      if (one && !one.querySelector(`[data-way="${name}"]`)) way(one, name, text || "", to || "");
    },
    remove({ card: id, way: name }) {
      const one = card(id);
      if (!one) return;
      if (name) one.querySelectorAll(`[data-way="${name}"]`).forEach((found) => found.remove());
      else one.remove();
      refresh();
    },
    move({ card: id, by, behind }) {
      const one = card(id);
      const all = every();
      const before = one && all[all.indexOf(one) - 1];
      const other = one && all[all.indexOf(one) + by];
      if (!other || behind !== (before ? before.dataset.card : "")) return; // there already
      if (by < 0) other.before(one);
      else other.after(one);
      refresh();
    },
    put_back(edit) {
      const { card: id, after } = edit;
      if (card(id)) return;
      const one = made(template(edit.decision ? "decision" : "scene"), { CARDID: id, NEWID: fresh() });
      const before = after && card(after);
      if (before) before.after(one);
      else if (after) list.append(one);
      else list.prepend(one);
      learn(one);
      if (edit.ways.length) ways(one).forEach((blank) => blank.remove());
      for (const name of ["name", "text", "stop", "decision"]) write(`${id}.${name}`, edit[name]);
      refresh();
      for (const [name, text, to] of edit.ways) way(one, name, text, to);
    },
  };

  // The ways of a card that are more than an empty line to write on.
  const real = (one) => ways(one).filter((item) => get(`${one.dataset.card}/${item.dataset.way}.text`) || get(`${one.dataset.card}/${item.dataset.way}.to`));

  function way(one, name, text, to) {
    const id = one.dataset.card;
    const item = made(template("way"), { CARDID: id, WAYID: name });
    one.querySelector("[data-ways]").append(item);
    learn(item);
    refresh();
    write(`${id}/${name}.text`, text);
    write(`${id}/${name}.to`, to);
    if (one.dataset.kind === "decision" && !to) item.querySelector("details").open = false;
    return item;
  }

  // ------------------------------------------------ what stands on several cards: numbers, names, where ways can lead

  function refresh() {
    const all = every();
    const taken = new Set();
    const free = (name) => {
      let own = name;
      for (let n = 2; taken.has(own); n++) own = `${name} (${n})`;
      taken.add(own);
      return own;
    };
    const names = all.map((one, n) => {
      const id = one.dataset.card;
      const kind = get(`${id}.decision`) ? "decision" : "scene";
      const own = (get(`${id}.name`) || "").trim().replace(/\s+/g, " ");
      const plain = kind === "decision" ? box.dataset.sayQuestion : n === 0 ? box.dataset.sayHappened : box.dataset.sayScene.replace("%(number)s", n + 1);
      const called = free(own || plain);
      one.dataset.kind = kind;
      fill(one, "[data-number]", n + 1);
      fill(one, "[data-called]", called);
      fill(one, "[data-begins-with]", begin(get(`${id}.text`)));
      one.querySelector("[data-tag-decision]").hidden = kind !== "decision";
      one.querySelector("[data-tag-stop]").hidden = !get(`${id}.stop`);
      one.querySelectorAll("[data-scene]").forEach((word) => (word.textContent = word.dataset[kind]));
      ways(one).forEach((item, number) => fill(item, "[data-of]", number + 1));
      return [id, `${n + 1}. ${called}`];
    });
    for (const choice of list.querySelectorAll("select[data-leads]")) {
      const chosen = choice.value;
      const there = names.filter(([id]) => id !== choice.dataset.leads);
      const lost = chosen && !there.some(([id]) => id === chosen) ? [[chosen, box.dataset.sayRemoved]] : [];
      choice.replaceChildren(choice.options[0], ...[...there, ...lost].map(([id, name]) => new Option(name, id)));
      choice.value = chosen;
    }
    const add = box.querySelector("[data-add] [name=card]");
    if (add) add.value = all.length ? all[all.length - 1].dataset.card : "";
  }

  function fill(where, place, text) {
    const found = where.querySelector(place);
    if (found && found.textContent !== String(text)) found.textContent = text;
  }

  function begin(text) {
    return text && text.length > 70 ? text.slice(0, 67) + "…" : text || "";
  }

  // ------------------------------------------------ what a person does

  function show(edit) {
    if (acts[edit.do]) acts[edit.do](edit);
  }

  function make(edit) {
    show(edit);
    put(edit);
  }

  function snapshot(one) {
    const id = one.dataset.card;
    const all = every();
    const before = all[all.indexOf(one) - 1];
    return {
      do: "put_back",
      card: id,
      after: before ? before.dataset.card : "",
      name: get(`${id}.name`),
      text: get(`${id}.text`),
      stop: get(`${id}.stop`),
      decision: get(`${id}.decision`),
      ways: real(one).map(({ dataset: { way: name } }) => [name, get(`${id}/${name}.text`), get(`${id}/${name}.to`)]),
    };
  }

  function seen(where) {
    const names = Array.from(where.querySelectorAll('[name^="seen:"]'), (input) => input.name.slice(5));
    return Object.fromEntries(names.map((path) => [path, mark(get(path))]));
  }

  function act(name, id, wayId) {
    const one = card(id);
    if (name === "add-scene" || name === "add-decision") {
      const made_ = fresh();
      make({ do: "add_card", card: made_, after: id, decision: name === "add-decision" ? YES : "" });
      const text = box.querySelector(`[name="${made_}.text"]`);
      if (text) text.focus();
    } else if (name === "add-way") {
      const made_ = fresh();
      const first = one.dataset.kind === "scene" && !real(one).length;
      make({ do: "add_way", card: id, way: made_, text: first ? GO_ON : "", to: "" });
      box.querySelector(`[name="${id}/${made_}.text"]`).focus();
    } else if (name === "up" || name === "down") {
      const all = every();
      const before = all[all.indexOf(one) - 1];
      make({ do: "move", card: id, by: name === "up" ? -1 : 1, behind: before ? before.dataset.card : "" });
      one.querySelector(`[data-do="${name}"]`).focus();
    } else if (name === "remove-way") {
      const item = one.querySelector(`[data-way="${wayId}"]`);
      make({ do: "remove", card: id, way: wayId, seen: seen(item) });
      one.querySelector('[data-do="add-way"]').focus();
    } else if (name === "remove") {
      const back = snapshot(one);
      const note = made(template("removed"), {});
      one.before(note);
      make({ do: "remove", card: id, way: "", seen: seen(one) });
      note.querySelector("button").addEventListener("click", () => {
        note.remove();
        make(back);
        const again = card(id);
        again.querySelector("details").open = true;
        again.querySelector("textarea").focus();
      });
      note.focus();
    }
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button) return;
    event.preventDefault();
    const one = button.closest("[data-card]");
    const item = button.closest("[data-way]");
    if (button.dataset.do) act(button.dataset.do, one.dataset.card, item && item.dataset.way);
    else flush();
  });
  list.addEventListener("submit", (event) => {
    event.preventDefault();
    flush();
  });
  box.querySelectorAll("[data-add]").forEach((form) =>
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(event.submitter ? event.submitter.value : "add-scene", form.elements.card.value);
    }),
  );
  // A link to a card opens it.
  function aim() {
    const [id] = location.hash.slice(1).split(/[./]/);
    const one = id && card(id);
    if (!one) return;
    one.querySelector("details").open = true;
    const field = document.getElementById(decodeURIComponent(location.hash.slice(1))) || one;
    const around = field.closest("[data-card] details details");
    if (around) around.open = true;
    if (field !== one) field.focus();
  }
  addEventListener("hashchange", aim);
  aim();

  return {
    show,
    // After a field was changed by hand or by somebody else; the first and the last of these need nothing drawn.
    changed: (path) => (path === "" || /\.(name|text|stop|decision)$/.test(path)) && refresh(),
    // Tells whether these edits change the picture of the paths.
    moved: (bundle) => bundle.some((edit) => edit.do !== "set" || /\.(to|name|decision)$/.test(edit.field)),
    gone(path) {
      const one = card(path.split(/[./]/)[0]);
      if (one) one.remove();
      refresh();
    },
  };
}
