// A story that was begun on its first page and not gone on with is offered when somebody comes back to that page: its
// private link, which they have not seen yet, is nowhere else. Kept on the phone until they go on, or throw it away.

export function begun(box, commission, get) {
  const offers = `forum begun ${commission} `;
  const form = box.querySelector("form[data-step]");

  // `there`: the server has some of it.
  function remember(there) {
    const fields = Array.from(box.querySelectorAll('[name^="seen:"]'), (seen) => [seen.name.slice(5), get(seen.name.slice(5))]);
    try {
      localStorage.setItem(offers + box.dataset.shelf, JSON.stringify({ key: form.elements.key.value, there, fields }));
    } catch (error) {
      // The line at the top says that this phone cannot keep anything.
    }
  }

  function forget() {
    try {
      localStorage.removeItem(offers + box.dataset.shelf);
    } catch (error) {
      // Nothing was kept, then.
    }
  }

  // `bring(kept)` is told what somebody wants back: {key, shelf, there, fields}.
  function offer(bring) {
    let kept = [];
    try {
      kept = Object.keys(localStorage).filter((name) => name.startsWith(offers));
    } catch (error) {
      return; // storage is forbidden
    }
    for (const name of kept) one(name, bring);
  }

  function one(name, bring) {
    const shelf = name.slice(offers.length);
    const { key, there, fields } = JSON.parse(localStorage.getItem(name));
    const text = fields.map(([, value]) => value).filter(Boolean).join("\n");
    if (!text) return localStorage.removeItem(name);
    const shown = box.querySelector("[data-offer-of]").content.cloneNode(true).firstElementChild;
    const answer = (what) => () => {
      shown.remove();
      form.querySelector("textarea").focus();
      what();
    };
    shown.querySelector("[data-words]").textContent = text.length > 200 ? text.slice(0, 200) + "…" : text;
    shown.querySelector("[data-bring]").addEventListener("click", answer(() => bring({ key, shelf, there, fields })));
    shown.querySelector("[data-throw]").addEventListener(
      "click",
      answer(() => {
        const gone = Object.keys(localStorage).filter((other) => other === name || other.startsWith(`forum words ${shelf} `));
        gone.forEach((other) => localStorage.removeItem(other));
      }),
    );
    const place = box.querySelector("[data-offer]");
    place.append(shown);
    place.hidden = false;
  }

  return { remember, forget, offer };
}
