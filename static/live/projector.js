// The big screen: follows the room. Without a connection it says so, and the stylesheet hides numbers that may be old.

import { fit } from "./fit-screen.js";
import { watch } from "./room-connection.js";

const main = document.getElementById("screen");
watch(main, { state: () => fit(main), hear: (message) => message.t === "tally" && fit(main, true), tell: () => fit(main, true) });
addEventListener("resize", () => fit(main));
fit(main);
