// Comfort on this phone: larger text, stronger contrast, reading aloud, time to vote. What is chosen stays on the phone.

const root = document.documentElement;
const SHELF = "forum comfort ";

function kept(name) {
  try {
    return localStorage.getItem(SHELF + name) || "";
  } catch (error) {
    return "";
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(SHELF + name, value);
  } catch (error) {
    // A browser that keeps nothing: it holds as long as the page.
  }
}

for (const name of ["size", "contrast"]) root.dataset[name] = kept(name);

export function comfort(main) {
  const box = document.querySelector("[data-comfort]");
  if (box) {
    box.hidden = false;
    for (const name of ["size", "contrast"]) {
      const choice = box.querySelector(`[name=${name}][value="${kept(name)}"]`);
      if (choice) choice.checked = true;
    }
    box.addEventListener("change", (event) => {
      keep(event.target.name, event.target.value);
      root.dataset[event.target.name] = event.target.value;
    });
  }
  listen(main, document.querySelector("[data-listen]"));
  main.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-more-time]");
    if (!form) return;
    event.preventDefault();
    // The phone keeps the time by itself, so the request is sent once, whether or not it arrives.
    keep("time", JSON.stringify({ round: main.dataset.round, from: Date.now() }));
    fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form)) }).catch(() => 0);
    tick(main);
  });
  setInterval(() => tick(main), 1000);
}

// Reads the screen aloud, where this browser can.
function listen(main, button) {
  if (!button || !window.speechSynthesis) return;
  button.hidden = false;
  const start = button.textContent;
  const stop = () => {
    speechSynthesis.cancel();
    button.textContent = start;
  };
  button.addEventListener("click", () => {
    if (button.textContent !== start) return stop();
    const words = new SpeechSynthesisUtterance(spoken(main));
    words.lang = root.lang;
    words.onend = words.onerror = () => (button.textContent = start);
    button.textContent = button.dataset.sayStop;
    speechSynthesis.speak(words);
  });
  addEventListener("pagehide", stop);
  new MutationObserver(stop).observe(main, { attributes: true, attributeFilter: ["data-cue"] });
}

function spoken(main) {
  const parts = main.querySelectorAll("h1, h2, legend .said, .said p, .lede, .notes p, .notes li, label, .responses li, [data-status]");
  return Array.from(parts, (part) => (part.offsetParent ? part.textContent.trim() : ""))
    .filter(Boolean)
    .join(". ");
}

// The time to vote runs on each phone by itself, from when it was first seen there; it ends with words, never the vote.
function tick(main) {
  const part = main.querySelector("[data-minutes]");
  if (!part) return;
  const round = main.dataset.round;
  let clock = {};
  try {
    clock = JSON.parse(kept("time")) || {};
  } catch (error) {
    clock = {};
  }
  if (clock.round !== round) {
    clock = { round, from: Date.now() };
    keep("time", JSON.stringify(clock));
  }
  const all = Number(part.dataset.minutes) * 60000;
  const left = Math.max(0, all - (Date.now() - clock.from));
  const bar = part.querySelector("progress");
  bar.hidden = false;
  bar.max = all;
  bar.value = left;
  part.querySelector("[data-running]").hidden = !left;
  part.querySelector("[data-run-out]").hidden = Boolean(left);
}
