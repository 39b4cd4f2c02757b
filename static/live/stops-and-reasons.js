// Messages of a phone beside votes: its stop, its reason after the reveal, "me too".
// A stop is kept without a connection only while its scene is on: later it would mean another moment.

import { ask } from "../ask.js";

// `unsent` keeps words that are typed and not sent: of(round), keep(round, {reason, condition}), forget(round).
export function asides(main, link, fresh, unsent) {
  const path = main.dataset.path;
  const shelf = "forum stop " + path;
  const too = new Set(); // reasons that the server has it of
  const going = new Set(); // those of which it is on its way
  let pending = read(); // {showing, id, character, how}: not on the server's disk yet
  let sent = ""; // the id on its way over this connection
  let stopped = null; // {showing, character, how}: what the server has
  let refused = ""; // the server's words
  let draft = null; // {showing, character, how}: changed in the form, and not sent
  let votes = {}; // as phone.js has them
  let said = null; // {round, words, condition}: what the server has, of the question that the form is about

  const first = form("[data-stop]");
  if (first && !more(first).hidden) {
    // The server's choice, not one made before this script was loaded.
    const who = first.querySelector("option[selected]");
    const how = first.elements.how.defaultValue.trim();
    stopped = { showing: first.dataset.showing, character: who ? who.value : "", how };
  }
  for (const button of main.querySelectorAll("[data-too] [aria-pressed=true]")) too.add(button.form.dataset.too);

  main.addEventListener("submit", (event) => {
    const of = event.target.dataset;
    const how = of.stop !== undefined ? press : of.mine !== undefined ? tell : of.too !== undefined ? agree : null;
    if (!how) return;
    event.preventDefault();
    how(event.target, event.submitter);
  });
  main.addEventListener("input", (event) => {
    const stop = event.target.closest("[data-stop]");
    if (stop) draft = { showing: stop.dataset.showing, ...filled(stop) };
    const about = event.target.closest("[data-mine]");
    if (about) unsent.keep(about.elements.round.value, { reason: about.elements.reason.value, condition: about.elements.condition.value });
    say();
  });

  const group = document.querySelector("[data-group]");
  group.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = await post("/group", Object.fromEntries(new FormData(event.target)));
    const ok = told && told.ok;
    const place = group.querySelector("[data-group-status]");
    place.dataset.is = ok ? "counted" : "refused";
    place.textContent = ok ? event.target.dataset.sayRight : told ? told.words : event.target.dataset.sayOffline;
    if (ok) grouped(new FormData(event.target).get("group"));
  });

  // Which group this phone is of, and that its first vote is counted, from when on that stays.
  function grouped(id, fixed) {
    const radio = Array.from(group.querySelectorAll("[name=group]")).find((one) => one.value === id);
    for (const place of document.querySelectorAll("[data-group-now]")) if (radio) place.textContent = radio.labels[0].textContent.trim();
    const line = document.querySelector(".own-group");
    if (line && fixed) line.remove();
    const own = group.querySelector("form");
    if (own && fixed) own.hidden = !(group.querySelector("[data-group-fixed]").hidden = false);
  }

  function form(which) {
    return main.querySelector("form" + which);
  }

  function more(stop) {
    return stop.querySelector("[data-stop-more]");
  }

  function filled(stop) {
    const data = new FormData(stop);
    return { character: data.get("character") || "", how: (data.get("how") || "").trim() };
  }

  function press(stop) {
    const now = { showing: stop.dataset.showing, ...filled(stop) };
    const same = pending && ["showing", "character", "how"].every((name) => pending[name] === now[name]);
    pending = { ...now, id: same ? pending.id : fresh() };
    refused = "";
    draft = null;
    write(pending);
    more(stop).hidden = false;
    if (link.how() === "down") link.probe();
    send();
  }

  async function send() {
    if (pending && sent !== pending.id) {
      const mine = pending;
      if (link.how() === "poll") {
        sent = mine.id;
        const told = await post("/stop", mine);
        sent = "";
        if (told && told.ok) kept(mine.id);
        else if (told) gone(mine.id, told.over, told.words);
      } else if (link.send({ t: "stop", ...mine })) {
        sent = mine.id;
        setTimeout(() => sent === mine.id && link.probe(), 4000);
      }
    }
    say();
  }

  function kept(id) {
    sent = "";
    if (pending && pending.id === id) {
      stopped = pending;
      write((pending = null));
    }
    say();
  }

  // `over`: it will never be taken; else it is kept, and goes again.
  function gone(id, over, said) {
    sent = "";
    if (pending && pending.id === id) {
      if (over) {
        refused = said;
        write((pending = null));
      } else setTimeout(send, 2000 + 3000 * Math.random());
    }
    say();
  }

  function say() {
    const stop = form("[data-stop]");
    if (!stop) return;
    const place = stop.querySelector("[data-stop-status]");
    const of = (what) => what && what.showing === stop.dataset.showing;
    let is = "";
    if (of(pending)) is = sent === pending.id ? "sending" : "waiting";
    else if (refused) is = "refused";
    else if (of(stopped)) is = ["character", "how"].some((name) => stopped[name] !== filled(stop)[name]) ? "edited" : "stopped";
    if (!is) return;
    const text = is === "refused" ? refused : stop.dataset["say" + is[0].toUpperCase() + is.slice(1)];
    place.dataset.is = is === "stopped" ? "counted" : is;
    if (place.textContent !== text) place.textContent = text;
  }

  // Takes the state of this participant, from whichever tab or device it was sent.
  function own(message) {
    stopped = message.stop;
    const stop = form("[data-stop]");
    const of = (what) => what && stop && what.showing === stop.dataset.showing;
    if (of(stopped) && !of(pending) && !of(draft)) show(stop, stopped);
    too.clear();
    for (const each of message.too || []) too.add(each);
    for (const each of main.querySelectorAll("[data-too]")) mark(each);
    grouped(message.group, message.yours.length);
    const about = form("[data-mine]");
    if (about && said) {
      const now = { round: said.round, words: "", condition: "", ...message.reason };
      const news = now.round === said.round && (now.words !== said.words || now.condition !== said.condition);
      if (news) {
        if (holds(about, said)) fill(about, now);
        tellMine(about, "counted", about.dataset[message.reason ? "sayKept" : "sayGone"]);
        said = now;
      }
    }
    say();
  }

  // Brings what is this phone's own into what the server drew for everybody.
  function settle(counted = votes) {
    votes = counted;
    const about = form("[data-mine]");
    const round = about && about.elements.round.value;
    if (about && (!said || said.round !== round)) {
      const [words, condition] = ["reason", "condition"].map((name) => about.elements[name].defaultValue.trim());
      const before = counted[round] || {};
      said = { round, words: words || before.reason || "", condition: condition || before.condition || "" };
      if (holds(about, { words: "", condition: "" })) fill(about, said);
    }
    // What was typed while voting was open, or before the page was loaded anew.
    const typed = about && unsent.of(round);
    if (typed && holds(about, said) && (typed.reason || typed.condition)) {
      fill(about, { words: typed.reason, condition: typed.condition });
      about.querySelector("details").open ||= !holds(about, said);
    }
    const on = main.querySelector("[data-showing]");
    if (pending && (!on || on.dataset.showing !== pending.showing)) write((pending = null));
    if (!on) refused = "";
    const stop = form("[data-stop]");
    const mine = [draft, pending, stopped].find((each) => each && stop && each.showing === stop.dataset.showing);
    if (mine && more(stop).hidden) show(stop, mine);
    for (const each of main.querySelectorAll("[data-too]")) mark(each);
    say();
  }

  function show(stop, mine) {
    more(stop).hidden = false;
    if (stop.elements.character) stop.elements.character.value = mine.character;
    stop.elements.how.value = mine.how;
  }

  function holds(about, { words, condition }) {
    return about.elements.reason.value.trim() === words && about.elements.condition.value.trim() === condition;
  }

  function fill(about, { words, condition }) {
    about.elements.reason.value = words;
    about.elements.condition.value = condition;
  }

  function tellMine(about, is, text) {
    const place = about.querySelector("[data-mine-status]");
    place.dataset.is = is;
    place.textContent = text;
  }

  function mark(each) {
    const on = too.has(each.dataset.too);
    each.elements.on.value = on ? "0" : "1";
    each.querySelector("button").setAttribute("aria-pressed", on);
  }

  // It looks pressed once the server has it; until then it goes again and again.
  async function agree(pressed) {
    const data = Object.fromEntries(new FormData(pressed));
    if (going.has(data.reason)) return;
    going.add(data.reason);
    let told = await post("/too", data);
    while (!told || !(told.ok || told.over)) {
      await new Promise((soon) => setTimeout(soon, 2000 + 3000 * Math.random()));
      told = await post("/too", data);
    }
    going.delete(data.reason);
    if (told.ok && data.on === "1") too.add(data.reason);
    else if (told.ok) too.delete(data.reason);
    settle();
  }

  async function tell(about, button) {
    const data = Object.fromEntries(new FormData(about));
    if (button && button.name) data[button.name] = button.value;
    const told = await post("/reason", data);
    const ok = told && told.ok;
    const text = ok ? about.dataset[data.take_back ? "sayGone" : "sayKept"] : told ? told.words : about.dataset.sayOffline;
    tellMine(about, ok ? "counted" : "refused", text);
    if (!ok) return;
    unsent.forget(data.round);
    if (data.take_back) data.reason = data.condition = "";
    said = { round: data.round, words: data.reason.trim(), condition: data.condition.trim() };
    if (data.take_back) fill(about, said);
  }

  async function post(where, data) {
    try {
      return await ask(path + where, { body: new URLSearchParams(data) });
    } catch (error) {
      return null; // no connection: whoever asked says so
    }
  }

  function read() {
    try {
      return JSON.parse(localStorage.getItem(shelf));
    } catch (error) {
      return null;
    }
  }

  function write(what) {
    try {
      localStorage.setItem(shelf, JSON.stringify(what));
    } catch (error) {
      // A browser that keeps nothing: the stop lives as long as the page.
    }
  }

  return {
    settle,
    hear(message) {
      if (message.t === "hello" || message.t === "mine") {
        if (message.t === "hello") sent = "";
        own(message);
        settle();
        if (message.t === "hello") send();
      } else if (message.t === "ack") {
        grouped(null, true);
      } else if (message.t === "stopped") {
        kept(message.stop);
      } else if (message.t === "refused" && message.cast) {
        gone(message.cast, message.again === false, message.words);
      }
    },
    tell(how) {
      if (how === "down") sent = "";
      if (how === "poll") send();
      say();
    },
  };
}
