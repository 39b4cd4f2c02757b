// A question that is answered alone: its bar says what this browser's answer is, as a phone's in a room does. The form
// is kept and sent by form-drafts.js, which says how that stands.

import { dock, differs, drawBar, filled, needed } from "./vote-bar.js";

const form = document.querySelector("form[data-cast]");
if (form) begin();

function begin() {
  const bar = form.querySelector("[data-part=bar]");
  const named = { letter: (id) => (spot(id) ? spot(id).dataset.letter : ""), label: (id) => (spot(id) ? spot(id).textContent.trim() : "") };
  const mine = form.dataset.mine ? { choice: form.dataset.mine, reason: form.dataset.reason } : null;
  let going = null; // what is on its way, or waits for a connection
  document.documentElement.classList.add("live");
  dock(bar);
  form.addEventListener("input", draw);
  form.addEventListener("told", () => {
    form.querySelector("[data-kept]").dataset.is = form.dataset.is;
    if (form.dataset.is === "sending") going = filled(form);
    draw();
  });
  // Before form-drafts.js sends it.
  form.addEventListener("submit", (event) => {
    const counted = mine && !going && !differs(form, mine);
    if (!counted && filled(form).choice) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!counted) form.querySelector("[name=choice]").focus();
  }, true);
  draw();
  // Once the bar's height is known, so that nothing is below it.
  const why = () => form.querySelector("[data-why]").scrollIntoView({ block: "nearest" });
  if (mine && !mine.reason && !document.getElementById("errors")) requestAnimationFrame(() => requestAnimationFrame(why));

  function draw() {
    needed(form, mine);
    const is = going && !differs(form, going) ? form.dataset.is : mine && !differs(form, mine) ? "counted" : "";
    drawBar(bar, form, form.dataset, named, { is, mine, going });
  }

  function spot(id) {
    return form.querySelector(`[data-choice="${id}"]`);
  }
}
