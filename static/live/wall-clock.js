// Clocks on the big screen: the time of the day as this computer has it, and how long is left of the time to vote, from when
// it was first seen here. It ends with words, never the vote.

const SEEN = "forum-wall-time";

function remembered(about, minutes) {
  const key = `${about} ${minutes}`;
  try {
    const seen = JSON.parse(sessionStorage.getItem(SEEN)) || {};
    if (seen.key === key) return seen.from;
    sessionStorage.setItem(SEEN, JSON.stringify({ key, from: Date.now() }));
  } catch (error) {
    return here.key === key ? here.from : (here = { key, from: Date.now() }).from;
  }
  return Date.now();
}

let here = {}; // where storage is blocked: it holds until the page is left

export function tick(main) {
  const now = new Date();
  const time = `${now.getHours()}:${String(now.getMinutes()).padStart(2, "0")}`;
  for (const place of main.querySelectorAll("[data-clock]")) {
    place.hidden = false;
    if (place.textContent !== time) place.textContent = time;
  }
  for (const place of main.querySelectorAll("[data-count-down]")) {
    const all = Number(place.dataset.countDown) * 60;
    const gone = Math.floor((now - remembered(place.dataset.about, all)) / 1000);
    const left = Math.max(0, all - gone);
    place.querySelector("[data-running]").hidden = !left;
    place.querySelector("[data-run-out]").hidden = Boolean(left);
    place.querySelector("[data-left]").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}
