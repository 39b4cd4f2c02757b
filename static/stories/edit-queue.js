// Queue of edits that survives a lost network: from the first letter until the server has them edits are on the phone
// (localStorage); they are sent one bundle at a time. forum/web/stories/edit_requests.py defines their fields.

import { ask } from "../ask.js";
import { mark } from "./sha256.js";

const PAUSE = 1000; // after the last letter
const PATIENCE = 20000; // for an answer
const SLOWEST = 30000; // the longest wait between two tries
const SLOWLY = 8000; // after the last letter, where many people save from one network
const MOST = 48000; // characters in one bundle
const ALIVE = 250; // time in which other tabs answer

// `more(bundle)` is what goes with each bundle; `tell(how)` hears how it stands; `heard(answer)` hears the answers;
// `restore(edit)` shows an edit that an earlier page left on this phone, `restored` is told how many there were.
export function keeper({ path, shelf, more, tell, heard, restore, restored }) {
  const shelves = `forum words ${shelf} `;
  const mine = shelves + Math.random().toString(36).slice(2);
  const known = new Map(); // field -> marks of what its writer saw there; the first is what they began from
  let queue = []; // oldest first; a clash or an error holds an edit back (`held`) until its writer has chosen
  let flight = []; // those on their way
  let left = []; // shelves of closed tabs whose words have to wait, because the same fields are being written here
  let timer = 0;
  let tries = 0;
  let trouble = ""; // why the last try failed: "offline", "later", "many"
  let unkept = false; // this phone cannot keep anything
  let over = false; // the server takes nothing more
  let slowly = false;
  let alone = false; // send one by one: one of the bundle was refused

  // The last edit of a field that still waits; one from before its card was put back is another story.
  function latest(field) {
    const card = field.split(/[./]/)[0];
    for (const edit of queue.slice().reverse()) {
      if (edit.do === "set" && edit.field === field) return edit;
      if (edit.do !== "set" && edit.card === card) return null;
    }
    return null;
  }

  function put(edit, soon = false) {
    if (edit.do === "set") {
      const text = proper(edit.text);
      const last = latest(edit.field);
      if (last && !flight.includes(last)) {
        last.text = text;
        if (last.held !== "clash") delete last.held;
        if (last.seen.length === 1 && last.seen[0] === mark(text) && !last.held) drop(last);
      } else {
        const seen = last ? [...last.seen] : known.get(edit.field) || [mark("")];
        if (last ? last.text === text : seen[0] === mark(text)) return;
        queue.push({ ...edit, text, seen });
      }
    } else queue.push(edit);
    keep();
    later(slowly ? SLOWLY : soon ? 0 : PAUSE);
    say();
  }

  function drop(edit) {
    queue = queue.filter((one) => one !== edit);
  }

  function keep() {
    try {
      if (queue.length) localStorage.setItem(mine, JSON.stringify(queue));
      else localStorage.removeItem(mine);
      unkept = false;
    } catch (error) {
      unkept = queue.length > 0;
    }
  }

  const ready = () => queue.filter((edit) => !edit.held);

  function how() {
    if (over) return "gone";
    if (unkept) return "unkept";
    if (ready().length) return trouble && !flight.length ? trouble : slowly ? "slowly" : "saving";
    if (queue.some((edit) => edit.held === "clash")) return "clash";
    return queue.length ? "wrong" : "saved";
  }
  const say = () => tell(how());

  function later(wait) {
    if (trouble && wait) return; // the next try is set already
    clearTimeout(timer);
    timer = setTimeout(flush, wait);
  }

  async function flush() {
    clearTimeout(timer);
    if (over || flight.length || !ready().length) return;
    if (navigator.onLine === false) return failed("offline");
    flight = bundle();
    const body = JSON.stringify({ edits: flight.map(plain), ...more(flight) });
    for (const edit of flight) {
      // Should the answer be lost: the server may have this text, and then it is no clash.
      if (edit.do === "set" && !edit.seen.includes(mark(edit.text))) edit.seen.push(mark(edit.text));
    }
    keep();
    say();
    try {
      const told = await ask(path(), {
        body,
        patience: PATIENCE,
        headers: { "Content-Type": "application/json" },
        keepalive: new TextEncoder().encode(body).length < 60000, // as much as a browser sends of a page that closes
      });
      if (told.ok) taken(told.facts);
      else refused(told);
    } catch (error) {
      flight = [];
      failed("offline");
    }
  }

  function bundle() {
    const some = [];
    let size = 0;
    for (const edit of ready()) {
      size += JSON.stringify(edit).length;
      if (some.length && (alone || size > MOST || some.length >= 200)) break;
      some.push(edit);
    }
    return some;
  }

  function taken(answer) {
    const sent = flight;
    flight = [];
    tries = 0;
    trouble = "";
    alone = false;
    slowly = answer.slowly;
    for (const edit of sent) {
      if (edit.do === "set") settle(edit, answer);
      else drop(edit);
    }
    keep();
    heard(answer);
    if (ready().length) later(0);
    else if (left.length) adopt(left.splice(0));
    say();
  }

  function settle(edit, answer) {
    const newer = latest(edit.field);
    const clash = answer.clashes.some((one) => one.field === edit.field);
    if (!clash && !(edit.field in answer.errors)) {
      drop(edit);
      if (edit.field in answer.marks) known.set(edit.field, [answer.marks[edit.field]]);
      if (newer && newer !== edit) newer.seen = [...(known.get(edit.field) || newer.seen)];
    } else if (newer && newer !== edit) {
      edit.text = newer.text; // what was written since is what is to be chosen from, or to be tried
      drop(newer);
      if (clash) edit.held = "clash";
    } else {
      edit.held = clash ? "clash" : "wrong";
    }
  }

  function refused(told) {
    const sent = flight;
    flight = [];
    if (told.code === "too_many") return failed("many", told.wait);
    if (!told.over) return failed("later");
    if (["not_found", "not_allowed", "illegal_move"].includes(told.code)) over = true;
    else if (sent.length > 1) alone = true;
    else sent.forEach((edit) => (edit.held = "wrong"));
    heard({ marks: {}, clashes: [], errors: over ? { main: told.words } : Object.fromEntries(sent.map((e) => [e.field || "main", told.words])), parts: {} });
    if (!over) later(0);
    say();
  }

  function failed(why, wait = 0) {
    trouble = why;
    clearTimeout(timer);
    // Between half and one and a half of the pause: many phones must not come back at the same moment.
    const pause = Math.max(wait, Math.min(SLOWEST, 1000 * 2 ** tries++)) * (0.5 + Math.random());
    timer = setTimeout(flush, Math.max(wait, pause));
    say();
  }

  // ------------------------------------------------ words that an earlier page left on this phone

  function adopt(names) {
    let found = 0;
    for (const name of names) {
      const edits = read(name);
      if (edits.some((edit) => edit.do === "set" && latest(edit.field))) {
        left.push(name); // its turn comes when what is written here now is saved: then it is a clash, and both are shown
        continue;
      }
      for (const edit of edits) {
        delete edit.held;
        queue.push(edit);
        restore(edit);
        found += 1;
      }
      keep();
      if (!unkept) localStorage.removeItem(name);
    }
    if (found) {
      restored(found);
      later(0);
    }
    say();
  }

  function read(name) {
    try {
      const edits = JSON.parse(localStorage.getItem(name));
      return Array.isArray(edits) ? edits : [];
    } catch (error) {
      return [];
    }
  }

  // Other tabs with this story open answer, and keep their own; what nobody answers for was left behind.
  function look() {
    let names = [];
    try {
      names = Object.keys(localStorage).filter((name) => name.startsWith(shelves) && name !== mine);
    } catch (error) {
      return; // storage is forbidden
    }
    if (!names.length) return;
    if (!tabs) return adopt(names);
    const alive = new Set();
    tabs.addEventListener("message", (event) => event.data.alive && alive.add(event.data.alive));
    tabs.postMessage({ who: mine });
    setTimeout(() => adopt(names.filter((name) => !alive.has(name))), ALIVE);
  }

  const tabs = typeof BroadcastChannel === "function" ? new BroadcastChannel("forum words " + shelf) : null;
  if (tabs) tabs.addEventListener("message", (event) => event.data.who && tabs.postMessage({ alive: mine }));

  const again = () => {
    tries = 0;
    if (trouble !== "many") flush();
  };
  addEventListener("online", again);
  addEventListener("offline", () => ready().length && failed("offline"));
  addEventListener("pageshow", (event) => event.persisted && again());
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => (document.hidden ? flush() : again()));
  addEventListener("beforeunload", (event) => unkept && event.preventDefault());

  return {
    known,
    put,
    flush,
    hurry: () => trouble || slowly || flush(),
    look,
    held: (field) => queue.find((edit) => edit.held && edit.field === field),
    // Tells whether an edit waits to be sent, or for its writer's choice.
    waiting: () => ready().length > 0,
    holding: () => queue.some((edit) => edit.held),
    // Ends a clash: with this text over what has the mark `seen`; or, without a text, by leaving what is there.
    choose(field, seen, text, back = false) {
      const edit = queue.find((one) => one.held && one.field === field);
      if (!edit) return;
      known.set(field, [seen]);
      drop(edit);
      if (text !== null) queue.push({ do: "set", field, text: proper(text), seen: [seen], ...(back && { back }) });
      keep();
      later(0);
      say();
    },
  };
}

function plain({ held, ...edit }) {
  return edit.seen && edit.do === "set" ? { ...edit, seen: edit.seen.slice(0, 200) } : edit;
}

// Text as the server can keep it: no U+0000, no halves of characters.
function proper(text) {
  return text.replace(/\0/g, "").replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (found) => (found.length === 2 ? found : ""));
}
