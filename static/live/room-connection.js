// Connection of every live screen: it reconnects by itself, and redraws only the parts that changed. Words that people
// read come from the page (data-say-...), never from here.

import { ask } from "../ask.js";

const SILENCE = 20000; // after so long without a message, ask whether the server is there
const ANSWER = 5000; // and wait so long for its answer
const SLOWEST = 20000; // the longest pause between two attempts
const BLOCKED = 3; // so many attempts without a hello: websockets are blocked here, or nothing is there
const SELDOM = 120000; // the pause between two attempts where polling works

// Connects `main` to its room. `hear(message)` gets every message; `tell(how, words)` is told "up", "poll", "down",
// "gone", with what Forum said of it, if anything. Only Forum's own goodbye is "gone": a socket that closes, with
// whatever code, is a lost connection.
export function connect(main, hear, tell) {
  let socket = null;
  let heard = 0;
  let tries = 0;
  let greeted = false;
  let ungreeted = 0;
  let timer = 0;
  let polling = 0;
  let answered = false; // whether the server answered the last poll
  let over = false;
  let why = ""; // what Forum said when it sent this screen away

  function open() {
    clearTimeout(timer);
    if (over || socket) return;
    const address = new URL(main.dataset.socket, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("mark", main.dataset.shows || "");
    address.searchParams.set("h", main.dataset.history || "");
    address.searchParams.set("has", main.dataset.has || "");
    const mine = (socket = new WebSocket(address.href));
    const slow = setTimeout(() => mine === socket && drop(), 8000);
    greeted = false;
    heard = Date.now();
    mine.onmessage = (event) => {
      if (mine !== socket) return;
      const message = read(event.data);
      // Somebody else's, until Forum has said who it is.
      const known = (message.t === "hello" && message.history) || (message.t === "bye" && message.why);
      if (!greeted && !known) return drop();
      heard = Date.now();
      if (message.t === "hello") {
        clearTimeout(slow);
        begin(message);
        greeted = true;
        tries = ungreeted = 0;
        clearTimeout(polling);
        polling = 0;
        answered = false;
        why = "";
        tell("up");
      }
      if (message.t === "bye") why = message.words || "";
      if (message.t === "bye" && message.again === false) end();
      hear(message);
    };
    mine.onclose = () => {
      clearTimeout(slow);
      if (mine !== socket) return;
      socket = null;
      lost();
    };
  }

  // Another history than before: nothing that came of the one before is newer than what comes now.
  function begin(hello) {
    hello.anew = Boolean(main.dataset.history) && hello.history !== main.dataset.history;
    if (hello.anew) main.dataset.version = main.dataset.shows = "";
    main.dataset.history = hello.history;
  }

  function read(frame) {
    try {
      return JSON.parse(frame) || {};
    } catch (error) {
      return {};
    }
  }

  // Leaves a connection that does not answer, without waiting for it to close.
  function drop() {
    const gone = socket;
    socket = null;
    gone.close();
    lost();
  }

  function lost() {
    if (over) return;
    if (!greeted) ungreeted += 1;
    if (main.dataset.path && ungreeted >= BLOCKED && !polling) poll();
    if (!polling) tell("down", why);
    // Between half and one and a half of the pause: a whole room must not come back at the same moment.
    timer = setTimeout(open, (answered ? SELDOM : Math.min(SLOWEST, 400 * 2 ** tries++)) * (0.5 + Math.random()));
  }

  function end() {
    over = true;
    clearTimeout(timer);
    clearTimeout(polling);
    tell("gone", why);
  }

  // Where websockets are blocked: ask every few seconds instead, and go on trying.
  async function poll() {
    polling = setTimeout(poll, 7000 + 6000 * Math.random());
    const asked = performance.now();
    try {
      const told = await ask(`${main.dataset.path}/now?mark=${main.dataset.shows || ""}&h=${main.dataset.history || ""}`);
      if (told.over) return end();
      if (!told.ok) throw new Error(told.code);
      const state = told.facts;
      if (!polling) return;
      if (!answered) open();
      answered = true;
      tell("poll");
      const hello = { ...state, t: "hello", asked };
      begin(hello);
      hear(hello);
      if (state.html) hear({ ...state, t: "state" });
      hear(state.tally);
    } catch (error) {
      answered = false;
      if (polling && !over) tell("down");
    }
  }

  function probe() {
    if (over) return;
    if (!socket) {
      tries = 0;
      open();
    } else if (socket.readyState === WebSocket.OPEN) {
      const asked = socket;
      const at = Date.now();
      socket.send('{"t":"ping"}');
      setTimeout(() => socket === asked && heard < at && drop(), ANSWER);
    }
  }

  setInterval(() => socket && Date.now() - heard > SILENCE && probe(), SILENCE / 4);
  document.addEventListener("visibilitychange", () => document.hidden || probe());
  addEventListener("online", probe);
  addEventListener("offline", probe);
  addEventListener("pageshow", (event) => event.persisted && probe());
  open();
  return {
    probe,
    drop,
    // Sends a message; returns false where there is no connection, or Forum has not said hello on it yet.
    send(message) {
      if (!socket || !greeted || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
  };
}

// Keeps `main` as the room is. `own` may have: keep(part name, moved) -> leave that part alone; state(message, moved);
// hear(message) for everything else; tell(how); carry(part, the part in its place or undefined), twin(element that was
// focused) -> the one in its place; still: never scroll. Returns {send, probe, show, how}.
export function watch(main, own) {
  const source = new Map(Array.from(main.querySelectorAll("[data-part]"), (part) => [part.dataset.part, part.outerHTML]));
  const line = document.querySelector("[data-connection]");
  const news = document.querySelector("[data-news]");
  let tally = null;
  let lines = []; // of the html that was sent last
  let now = "down";
  let on = situation();

  function show(html, moved) {
    const box = document.createElement("template");
    box.innerHTML = html;
    const focus = document.activeElement;
    const inside = main.contains(focus) && focus !== main;
    renew(main, box.content, moved);
    if (inside && !main.contains(focus)) {
      const place = (own.twin && own.twin(focus)) || (focus.id && document.getElementById(focus.id)) || main.querySelector("[tabindex='-1']") || main;
      place.focus({ preventScroll: !moved });
    }
    count();
    announce();
  }

  // Tells screen readers the change: once, and without the heading where the focus has just read it out.
  function announce() {
    const before = on;
    on = situation();
    if (!news || on.words === before.words) return;
    const focus = document.activeElement;
    const words = main.contains(focus) && focus.tagName === "H1" ? on.words.replace(focus.textContent.trim(), "").replace(/^[:\s]+/, "") : on.words;
    news.textContent = before.resting && !on.resting ? news.dataset.sayResumed + " " + words : words;
  }

  function situation() {
    const part = main.querySelector("[data-part=news]");
    return part ? { words: part.textContent.trim(), resting: part.dataset.resting !== undefined } : {};
  }

  // Makes the parts of `place` those of `fresh`, in the same order; one that has not changed is not touched. A part
  // with data-group holds parts of its own.
  function renew(place, fresh, moved) {
    const parts = Array.from(fresh.children);
    const old = new Map(Array.from(place.children, (part) => [part.dataset.part, part]));
    const stay = new Set();
    for (const part of parts) {
      const name = part.dataset.part;
      const group = part.dataset.group !== undefined;
      const same = group || source.get(name) === part.outerHTML || (own.keep && own.keep(name, moved));
      if (!old.has(name) || !same) continue;
      stay.add(name);
      if (group) renew(old.get(name), part, moved);
    }
    for (const [name, part] of old) {
      if (stay.has(name)) continue;
      if (own.carry) own.carry(part, parts.find((one) => one.dataset.part === name));
      part.remove();
    }
    let next = place.firstElementChild;
    for (const part of parts) {
      const name = part.dataset.part;
      source.set(name, part.outerHTML);
      if (stay.has(name)) {
        next = next.nextElementSibling;
      } else {
        if (moved) part.classList.add("fresh");
        place.insertBefore(part, next);
      }
    }
  }

  function count() {
    if (!tally) return;
    const fill = (name, number) => main.querySelectorAll(`[data-${name}]`).forEach((place) => (place.textContent = number));
    const bar = main.querySelector("progress");
    fill("present", tally.present);
    for (const name in tally.health) fill(name, tally.health[name]);
    if (!main.dataset.round || tally.round === main.dataset.round) {
      fill("voted", tally.voted);
      if (bar) bar.max = Math.max(1, tally.present, tally.voted);
      if (bar) bar.value = tally.voted;
      const count = main.querySelector("[data-so-far]");
      if (count && tally.so_far) {
        count.hidden = false;
        for (const place of count.querySelectorAll("[data-mark]")) place.textContent = `${tally.so_far[place.dataset.mark]} %`;
      }
    }
  }

  const link = connect(
    main,
    (message) => {
      if (message.t === "tally") {
        tally = message;
        count();
      } else if (message.t === "state" || message.t === "change") {
        if (message.v < Number(main.dataset.version)) return;
        // Not made of what is here (it never should be): the whole comes with the next connection.
        if (message.t === "change" && message.since !== main.dataset.has) return link.drop();
        lines = message.html === undefined ? message.lines.flatMap((piece) => (Array.isArray(piece) ? lines.slice(...piece) : piece)) : message.html.split("\n");
        main.dataset.has = main.dataset.shows = message.mark;
        const moved = message.cue !== main.dataset.cue;
        main.dataset.version = message.v;
        main.dataset.cue = message.cue;
        main.dataset.round = message.round ? message.round.id : "";
        show(lines.join("\n"), moved);
        if (moved && !own.still) scrollTo(0, 0);
        if (own.state) own.state(message, moved);
        return;
      }
      if (own.hear) own.hear(message);
    },
    (how, words) => {
      now = how;
      if (line) {
        line.dataset.is = how;
        line.textContent = words || line.dataset["say" + how[0].toUpperCase() + how.slice(1)];
      }
      document.body.classList.toggle("is-down", how === "down" || how === "gone");
      if (own.tell) own.tell(how);
    },
  );
  return { send: link.send, probe: link.probe, show, how: () => now };
}
