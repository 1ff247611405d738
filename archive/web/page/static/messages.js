// The line above the Save button: what became of what the user did.

import { button, byId, make } from "./dom.js";

export class Messages {
  constructor() {
    // Both stay in the page, empty: a reader announces what is put into a region that
    // it knows already.
    this.status = byId("message");
    this.alert = byId("alert");
  }

  // inform says what was done, warn what was done in part, complain what was not.
  // Each takes the others' place.
  inform(...content) { this.put(this.status, "message good", content); }

  warn(...content) { this.put(this.alert, "message warn", content); }

  complain(...content) { this.put(this.alert, "message error", content); }

  put(region, className, content) {
    const text = content.map((c) => c.textContent ?? c).join("");
    if (region.firstChild && region.dataset.text === text) return; // said already
    this.clear();
    region.dataset.text = text;
    const close = button("×", () => this.clear(), { className: "close", "aria-label": "Close this message" });
    region.replaceChildren(make("div", { className }, make("div", {}, ...content), close));
  }

  clear() {
    this.status.replaceChildren();
    this.alert.replaceChildren();
  }
}

// told lists what became of the customers of a save.
export function told(results, again) {
  const customers = results.slice(1); // the first is the archive
  const done = customers.filter((r) => r.success).map((r) => r.customer);
  const unknown = customers.filter((r) => !r.success && r.errorType === "OUTCOME_UNKNOWN");
  const failed = customers.filter((r) => !r.success && !unknown.includes(r));
  const parts = [];
  if (done.length > 0) parts.push(customerList(done));
  for (const [what, which] of [["Not told: ", failed], ["Not known whether told: ", unknown]]) {
    if (which.length > 0) parts.push(make("p", {}, what, make("b", {}, which.map((r) => r.customer).join(", ")), ". The change itself is saved."));
  }
  if (failed.length + unknown.length > 0) parts.push(button("Tell them again", again));
  return parts;
}

const fewCustomers = 8;

function customerList(codes) {
  if (codes.length <= fewCustomers) return make("p", {}, `Told: ${codes.join(", ")}.`);
  return make("details", {}, make("summary", {}, `Told: ${codes.length} customers`), make("p", {}, codes.join(", ")));
}
