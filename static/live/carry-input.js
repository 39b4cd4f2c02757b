// Carries what somebody is in the middle of from a part of the page into the part that takes its place: what is half
// typed, chosen, opened, scrolled to or focused. What has no place there any more is kept beside the page, to be copied.

const FIELDS = "input:not([type=hidden]), textarea, select";
// Hidden fields that say how something was, not which thing it is.
const MOVING = ["before", "after", "state", "on", "verdict", "undo"];

const key = (form) =>
  [form.getAttribute("action"), ...Array.from(form.querySelectorAll("input[type=hidden]"), (field) => (MOVING.includes(field.name) ? "" : `${field.name}=${field.value}`))].join(" ");
const kind = (field) => `${field.name} ${["radio", "checkbox"].includes(field.type) ? field.value : ""}`;
const name = (details) => (details.matches(".sure") ? key(details.querySelector("form")) : details.querySelector("summary").textContent.replace(/[\d\s]+/g, " "));
const dirty = (field) =>
  field.matches("select")
    ? Array.from(field.options).some((option) => option.selected !== option.defaultSelected)
    : ["radio", "checkbox"].includes(field.type)
      ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue;

// Pairs elements of two lists that have the same key, in order.
function pairs(old, fresh, by) {
  const left = Array.from(fresh);
  return Array.from(old, (each) => {
    const at = left.findIndex((other) => by(other) === by(each));
    return [each, at < 0 ? null : left.splice(at, 1)[0]];
  });
}

// `kept` is the place for words that have no field any more. Returns {carry(old part, fresh part or null), twin(element),
// now(form), keep(form), sent(form)}.
export function carrying(main, kept) {
  const twins = new WeakMap();
  const touched = new WeakSet();

  main.addEventListener("click", (event) => {
    const summary = event.target.closest("summary");
    if (summary) touched.add(summary.parentElement);
  });

  function keep(form) {
    for (const field of form.querySelectorAll("textarea, input:not([type])")) {
      if (!dirty(field) || !field.value.trim()) continue;
      const label = form.querySelector(`label[for="${CSS.escape(field.id)}"]`);
      const item = kept.querySelector("template").content.cloneNode(true);
      item.querySelector("[data-name]").textContent = label ? label.textContent : "";
      item.querySelector("[data-words]").textContent = field.value;
      item.querySelector("button").addEventListener("click", (event) => {
        event.target.closest("[data-item]").remove();
        kept.hidden = !kept.querySelector("[data-item]");
      });
      kept.append(item);
      kept.hidden = false;
    }
  }

  function carry(old, fresh) {
    for (const [form, other] of pairs(old.querySelectorAll("form"), fresh ? fresh.querySelectorAll("form") : [], key)) {
      if (!other) {
        if (!form.dataset.busy) keep(form);
        continue;
      }
      twins.set(form, other);
      if (form.dataset.busy) other.dataset.busy = form.dataset.busy;
      for (const [field, place] of pairs(form.querySelectorAll(FIELDS), other.querySelectorAll(FIELDS), kind)) {
        if (!place) continue;
        twins.set(field, place);
        if (!dirty(field)) continue;
        if (["radio", "checkbox"].includes(field.type)) place.checked = field.checked;
        else place.value = field.value;
      }
      for (const [button, place] of pairs(form.querySelectorAll("button"), other.querySelectorAll("button"), () => "")) {
        if (place) twins.set(button, place);
      }
    }
    if (!fresh) return;
    for (const [details, other] of pairs(old.querySelectorAll("details"), fresh.querySelectorAll("details"), name)) {
      if (!other) continue;
      twins.set(details.querySelector("summary"), other.querySelector("summary"));
      if (!touched.has(details)) continue;
      other.open = details.open;
      touched.add(other);
    }
    for (const [link, other] of pairs(old.querySelectorAll("a"), fresh.querySelectorAll("a"), (each) => each.getAttribute("href"))) {
      if (other) twins.set(link, other);
    }
  }

  function twin(element) {
    const other = twins.get(element);
    if (other && "selectionStart" in element && element.selectionStart !== null) {
      requestAnimationFrame(() => other.isConnected && other.setSelectionRange(element.selectionStart, element.selectionEnd));
    }
    return other;
  }

  // Marks the words of a form that reached the server as no longer half typed.
  function sent(form) {
    for (const field of form.querySelectorAll(FIELDS)) {
      if (field.matches("select")) for (const option of field.options) option.defaultSelected = option.selected;
      else if (["radio", "checkbox"].includes(field.type)) field.defaultChecked = field.checked;
      else field.defaultValue = field.value;
    }
  }

  const now = (form) => (twins.has(form) ? now(twins.get(form)) : form);
  return { carry, twin, now, keep, sent };
}
