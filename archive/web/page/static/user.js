// The user's name: kept in this browser, sent with each request, checked by nobody.

import { byId } from "./dom.js";

const key = "holdfast.user";

// remembered is the name of the last visit. A browser may forbid the storage.
function remembered() {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export class User {
  constructor() {
    this.input = byId("user");
    this.input.value = remembered();
    this.input.addEventListener("input", () => this.changed());
  }

  get name() { return this.input.value.trim(); }

  changed() {
    this.input.removeAttribute("aria-invalid");
    try {
      localStorage.setItem(key, this.name);
    } catch {
      // The name then lasts until the page is left.
    }
  }

  // ask points at the input: nothing can be saved without a name.
  ask() {
    this.input.setAttribute("aria-invalid", "true");
    this.input.focus();
  }
}
