// The facilitator's console: its forms go by fetch, so that nothing typed is lost and errors stand where one looks.

import { watch } from "./socket.js";

const main = document.getElementById("screen");
const alert = document.querySelector("[data-alert]");
const RESTING = 3000; // the least time between two looks at who has joined
let present = -1;
let looked = 0;
let looking = 0;

const link = watch(main, {
  hear(message) {
    if (message.t !== "tally" || message.present === present) return;
    if (present >= 0 && !looking) looking = setTimeout(look, Math.max(0, looked + RESTING - Date.now()));
    present = message.present;
  },
});

// Reads this page again, for who has joined: that changes between the facilitator's acts.
async function look() {
  looking = 0;
  looked = Date.now();
  const version = main.dataset.version;
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
    const fresh = page.getElementById("screen");
    if (fresh && main.dataset.version === version && fresh.dataset.version === version) link.show(fresh.innerHTML, false);
  } catch (error) {
    // The connection's own line says that it is down.
  }
}

function complain(words) {
  alert.textContent = words;
  alert.hidden = !words;
  if (words) alert.scrollIntoView({ block: "nearest" });
}

main.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  if (event.submitter && event.submitter.name) body.append(event.submitter.name, event.submitter.value);
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", headers: { Accept: "application/json" }, body });
    if (answer.ok) {
      complain("");
      if (form.hasAttribute("data-reset")) form.reset();
      if (link.how() !== "up") location.reload();
    } else {
      const said = await answer.json();
      complain(said.error.words);
    }
  } catch (error) {
    complain(alert.dataset.sayOffline);
  }
  delete form.dataset.busy;
});
