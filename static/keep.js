// Keeps what is typed into a form (data-keep names its shelf) on this device until it has been sent.
// A page that shows what was received (data-sent: ids) clears those shelves.

const SHELF = "forum form ";
const form = document.querySelector("form[data-keep]");
const received = document.querySelector("[data-sent]");

if (received) {
  const ids = received.dataset.sent.split(" ");
  for (const name of shelves()) {
    if (ids.includes((read(name) || {}).id)) drop(name);
  }
}
if (form) begin();

function begin() {
  const name = SHELF + form.dataset.keep;
  const status = form.querySelector("[data-kept]");
  const kept = read(name);
  // What the server shows again after an error is newer than what was kept here.
  if (kept && !document.getElementById("errors")) {
    for (const [key, value] of Object.entries(kept)) fill(key, value);
    status.textContent = status.dataset.kept;
  }
  form.addEventListener("input", () => {
    if (write(name, Object.fromEntries(new FormData(form)))) status.textContent = status.dataset.kept;
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (answer.ok && answer.redirected) {
        drop(name);
        location.assign(answer.url);
      } else {
        form.submit(); // the page with what is wrong; the same form sent twice is one
      }
    } catch (error) {
      status.textContent = status.dataset.away;
      button.disabled = false;
    }
  });
}

function fill(key, value) {
  const field = form.elements[key];
  if (field instanceof RadioNodeList || (field && field.type !== "hidden") || key === "id" || key === "seen") {
    field.value = value;
  }
}

function shelves() {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(SHELF));
  } catch (error) {
    return [];
  }
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch (error) {
    return null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch (error) {
    return false; // a browser that keeps nothing: the words live as long as the page
  }
}

function drop(name) {
  try {
    localStorage.removeItem(name);
  } catch (error) {
    // Nothing was kept.
  }
}
