// The big screen: follows the room. Without a connection it says so, and the stylesheet hides numbers that may be old.

import { watch } from "./socket.js";

watch(document.getElementById("screen"), {});
