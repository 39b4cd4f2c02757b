// The big screen: follows the room. Without a connection it says so, and the stylesheet hides numbers that may be old.

import { fit, inPages, turnByKeys } from "./fit-screen.js";
import { watch } from "./room-connection.js";
import { tick } from "./wall-clock.js";

const main = document.getElementById("screen");
let told = 0; // how many pages the console has been told of

function drawn(again) {
  if (!again) tick(main);
  fit(main, again);
  if (link && inPages() !== told && link.send({ t: "pages", number: inPages() })) told = inPages();
}
const link = watch(main, {
  state: () => drawn(),
  hear(message) {
    if (message.t === "hello") told = 0;
    if (message.t === "hello" || message.t === "tally") drawn(true);
  },
  tell: () => fit(main, true),
});
addEventListener("resize", () => drawn());
setInterval(() => tick(main), 1000);
turnByKeys(main);
drawn();
