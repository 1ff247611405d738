// The edit page: puts its parts together.

import { byId } from "./dom.js";
import { Session } from "./session.js";
import { User } from "./user.js";
import { View } from "./view.js";
import { Watch } from "./watch.js";

const id = decodeURIComponent(location.pathname.split("/").at(-1));
const user = new User();
const view = new View(user);
const session = new Session(id, user, view);
view.attach(session);
const watch = new Watch(() => session.look(), (state) => view.watch(state));

async function save() {
  watch.activity();
  if (view.isAsking) view.dialog.submit();
  else await session.save();
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "s") {
    event.preventDefault();
    save();
  }
});

addEventListener("beforeunload", (event) => {
  if (session.hasUnsaved) event.preventDefault();
});

try {
  await session.open();
} finally {
  watch.start(); // also if a version could not be shown: a newer one may be
}
