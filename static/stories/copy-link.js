// The buttons that copy the private link; without this script they are not shown, and the link stands beside them.

document.querySelectorAll("[data-copy]").forEach((part) => (part.hidden = false));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copies]");
  if (button) copy(button);
});

// The clipboard of browsers is for https pages only.
function copy(button) {
  const area = document.createElement("textarea");
  area.value = button.dataset.copies;
  button.after(area);
  area.select();
  if (document.execCommand("copy")) button.textContent = button.dataset.sayCopied;
  area.remove();
  button.focus();
}
