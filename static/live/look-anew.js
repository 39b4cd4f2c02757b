// A helper's screen on which nothing is typed: the part #now is asked for anew every few seconds, while it is looked at.
// Without an answer it stays as it is, and is asked for again. Once its link works no longer, the whole page says so.

import { ask } from "../ask.js";

const now = document.getElementById("now");

async function look() {
  const answer = document.hidden ? null : await ask(location.pathname, { page: true, headers: { Accept: "text/html" } }).catch(() => null);
  if (answer && !answer.ok && answer.over) return location.reload();
  const anew = answer && answer.ok && answer.page.getElementById("now");
  if (anew && anew.innerHTML !== now.innerHTML) now.innerHTML = anew.innerHTML;
  setTimeout(look, 1000 * now.dataset.seconds);
}

setTimeout(look, 1000 * now.dataset.seconds);
