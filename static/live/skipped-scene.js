// Waits beside a scene that somebody does not want to see, and says when it is over. Nothing of it is drawn here.

import "./display-settings.js";
import { connect } from "./room-connection.js";

const main = document.getElementById("screen");
const line = document.querySelector("[data-connection]");
const over = main.querySelector("[data-over]");
document.documentElement.classList.add("live");

connect(
  main,
  (message) => {
    if (message.cue === undefined || message.cue.split("|").slice(0, 5).join("|") === main.dataset.skipped || !over.hidden) return;
    main.querySelector("[data-waiting]").hidden = true;
    over.hidden = false;
    const heading = over.querySelector("h1");
    document.title = heading.textContent;
    heading.focus();
    if (navigator.vibrate) navigator.vibrate(200);
  },
  (how) => (line.textContent = line.dataset["say" + how[0].toUpperCase() + how.slice(1)]),
);
