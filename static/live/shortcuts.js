// Keys for the console's main acts: each presses the very button that is there ([data-key]), so it can do no more than a
// finger. Never while somebody types, chooses or holds another key; "?" tells them all; they can be switched off here.

const OFF = "forum-keys-off";
const TYPING = "input, textarea, select, [contenteditable]";

function stored() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch (error) {
    return false; // storage is blocked: they are on until the page is left
  }
}

export function keys(main) {
  const panel = document.getElementById("keys");
  const opener = document.querySelector("[data-keys]");
  const choice = panel.querySelector("input");
  const news = document.querySelector("[data-news]");
  let off = stored();

  choice.checked = !off;
  opener.hidden = false;
  opener.addEventListener("click", () => panel.showModal());
  panel.querySelector("button").addEventListener("click", () => panel.close());
  choice.addEventListener("change", () => {
    off = !choice.checked;
    try {
      localStorage.setItem(OFF, off ? "1" : "0");
    } catch (error) {
      return; // it holds until the page is left
    }
  });

  // In the order of the page: the next right move comes first.
  const button = (key) => {
    const place = key === "n" ? main.querySelector("[data-part=next]") : main;
    const found = place ? place.querySelectorAll(key === "n" ? "[data-key]" : `[data-key="${CSS.escape(key)}"]`) : [];
    return Array.from(found).find((each) => each.getClientRects().length);
  };

  function press(target) {
    news.textContent = target.textContent.trim();
    if (!target.matches("summary")) return target.click();
    if (!target.parentElement.open) target.click();
    target.parentElement.querySelector("form button").focus();
  }

  document.addEventListener("keydown", (event) => {
    const asked = event.target.closest ? event.target.closest("details.sure[open]") : null;
    if (event.key === "Escape" && asked) {
      asked.open = false;
      asked.querySelector("summary").focus();
    }
    if (off || panel.open || event.defaultPrevented || event.repeat || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches(TYPING)) return;
    if (event.key === "?") {
      event.preventDefault();
      panel.showModal();
      return;
    }
    const target = event.shiftKey || event.key.length !== 1 || event.key === " " ? null : button(event.key.toLowerCase());
    if (!target) return;
    event.preventDefault();
    press(target);
  });
}
