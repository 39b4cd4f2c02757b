// The facilitator's console: its forms go by fetch, so that nothing typed is lost and errors stand where one looks.

import { watch } from "./socket.js";

const main = document.getElementById("screen");
const alert = document.querySelector("[data-alert]");
const link = watch(main, {});

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
