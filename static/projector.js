// The big screen: follows the room. Without a connection it says so, and shows no numbers that may be old.

import { watch } from "./socket.js";

const down = document.querySelector("[data-down]");
watch(document.getElementById("screen"), {
  tell(how) {
    down.hidden = how === "up";
  },
});
