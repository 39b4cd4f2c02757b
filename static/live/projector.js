// The big screen: follows the room. Without a connection it says so, and the stylesheet hides numbers that may be old.

import { fit, turnByKeys } from "./fit-screen.js";
import { watch } from "./room-connection.js";
import { tick } from "./wall-clock.js";

const main = document.getElementById("screen");
function drawn() {
  tick(main);
  fit(main);
}
watch(main, { state: drawn, hear: (message) => message.t === "tally" && fit(main, true), tell: () => fit(main, true) });
addEventListener("resize", () => fit(main));
setInterval(() => tick(main), 1000);
turnByKeys(main);
drawn();
