// What the user sees of a session.

import { ConflictDialog } from "./conflict.js";
import { button, byId, make } from "./dom.js";
import { idOf, labelOf, listed, titleOf } from "./fields.js";
import { Form } from "./form.js";
import { History, tidings } from "./history.js";
import { Messages, told } from "./messages.js";

const p = (...content) => make("p", {}, ...content);

const wait = (retryAfter) => (Number(retryAfter) > 0 ? ` The server asks to wait ${Number(retryAfter)} s.` : "");

const watchTexts = {
  watching: "Watching for changes by others",
  idle: "Not watching: nothing was done here for a minute. A click or a key goes on.",
  hidden: "Not watching: this tab is hidden",
};

export class View {
  constructor(user) {
    this.user = user;
    this.messages = new Messages();
    this.history = new History();
    this.saveButton = byId("save");
    this.watching = byId("watching");
  }

  // attach connects the controls with the session.
  attach(session) {
    this.session = session;
    this.form = new Form({
      edited: (name, text) => this.typed(name, text),
      takeTheirs: (name) => session.takeTheirs(name),
    });
    this.dialog = new ConflictDialog({ save: (decisions) => session.decide(decisions), cancelled: () => this.cancelled() });
  }

  get isAsking() { return this.dialog.isOpen; }

  opened(draft) {
    byId("main").setAttribute("aria-busy", "false");
    byId("columns").hidden = false;
    this.saveButton.disabled = false;
    this.messages.clear();
    this.edited(draft);
    this.history.show(draft.metadata);
  }

  notOpened({ kind, message }) {
    byId("main").setAttribute("aria-busy", "false");
    byId("heading").textContent = this.session.id;
    this.messages.complain(p(kind === "gone" ? `There is no change ${this.session.id}.` : `It could not be loaded: ${message}`),
      button("Try again", () => this.session.open()));
  }

  watch(state) {
    this.state = state;
    this.showWatching();
  }

  showWatching() {
    const lost = this.state === "watching" && this.lost;
    this.watching.textContent = lost || watchTexts[this.state];
    this.watching.dataset.state = lost ? "lost" : this.state;
  }

  // contact shows whether the last look reached the server.
  contact({ kind, message }) {
    if (kind === "gone") return this.messages.complain(p("This change was deleted. Your text is still here, but it can't be saved."));
    this.lost = kind === "failed" || kind === "nobody" ? `No contact, still trying: ${message}` : undefined;
    this.showWatching();
  }

  typed(name, text) {
    const { draft } = this.session;
    draft.edit(name, text);
    this.form.touched(draft, name);
    this.count(draft);
  }

  // edited shows a draft that has changed by other means than typing.
  edited(draft) {
    const title = titleOf(draft.metadata);
    byId("heading").replaceChildren(title, " ", make("span", { className: "id" }, idOf(draft.metadata)[1]));
    document.title = title;
    this.form.show(draft);
    this.count(draft);
  }

  count(draft) {
    const names = draft.touched.map(labelOf);
    byId("unsaved").textContent = names.length === 0 ? "No unsaved changes"
      : names.length > 3 ? `${names.length} fields not saved` : `Not saved: ${listed(names)}`;
    byId("unsaved").classList.toggle("some", names.length > 0);
  }

  // received shows another version.
  received(draft, { updated, kept, fresh, byOthers, by }) {
    this.edited(draft);
    this.history.show(draft.metadata, fresh.length);
    if (byOthers.length > 0) this.form.updated(updated, by);
    this.form.meanwhile(kept, draft, by);
    this.others = byOthers.length > 0 ? updated : [];
    const parts = [tidings(byOthers)];
    if (this.others.length > 0) parts.push(`Changed: ${listed(updated.map(labelOf))}.`);
    if (kept.length > 0) parts.push(`You are editing ${listed(kept.map(labelOf))} too: your text is kept.`);
    if (parts.some(Boolean)) byId("news").replaceChildren(p(parts.filter(Boolean).join(" ")));
  }

  saving(is) {
    // Not disabled: that would take the focus away from whoever pressed it.
    this.saveButton.setAttribute("aria-disabled", String(is));
    this.saveButton.textContent = is ? "Saving…" : "Save";
    if (is) {
      this.messages.clear();
      this.form.forgetNews();
    } else if (this.dialog.isOpen) {
      this.dialog.busy(false);
    }
  }

  needName() {
    this.messages.complain(p("Enter your name first: the history says who changed what."));
    this.user.ask();
  }

  badName(message) {
    this.messages.complain(p(`The server does not accept your name: ${message}`), p("Correct it and save again. Your text is kept here."));
    this.user.ask();
  }

  nothingToSave() { this.messages.inform(p("There is nothing to save: you have changed nothing.")); }

  settled() { this.messages.inform(p("There is nothing left to save: your text is what is stored.")); }

  saved(draft, results, again) {
    this.edited(draft);
    const others = this.others.length > 0 ? [p(`With it came changes by others: ${listed(this.others.map(labelOf))}.`)] : [];
    const parts = [p(`Saved at ${new Date().toLocaleTimeString()}.`), ...others, ...told(results, again)];
    if (results.some((r) => !r.success)) this.messages.warn(...parts);
    else this.messages.inform(...parts);
  }

  // unknown: the answer to a save was lost.
  unknown({ message, retryAfter }) {
    this.messages.complain(p(`It is not known whether your change was saved: ${message}${wait(retryAfter)}`),
      p("Your text is kept here. Trying again is safe: it is saved once, however often it is sent."),
      button("Try again", () => this.session.retry()));
  }

  // busy: nothing is stored, and it is worth trying again.
  busy({ message, retryAfter }) {
    this.messages.complain(p(`Nothing was saved yet: ${message}${wait(retryAfter)}`), p("Your text is kept here."),
      button("Try again", () => this.session.retry()));
  }

  // arrived: a version came that holds the save whose answer was lost.
  arrived() {
    this.messages.inform(p("Your change is saved after all. Whether all customers were told is not known; trying again makes sure, and saves nothing twice."),
      button("Try again", () => this.session.retry()));
  }

  crowded({ message }) {
    this.messages.complain(p(`Nothing was saved, because too many are writing at once. ${message ?? ""}`),
      button("Try again", () => this.session.save()));
  }

  refused({ kind, message }) {
    if (kind === "nobody") return this.badName(message);
    this.messages.complain(p(kind === "gone" ? "Nothing was saved: this change was deleted." : `Nothing was saved: ${message}`),
      p("Your text is kept here."));
  }

  ask(disputes, others, problem) { this.dialog.ask(disputes, others, problem); }

  notDecided({ message }) {
    this.dialog.complain(`Nothing was saved: ${message} Try again.`);
  }

  decided(draft) {
    this.dialog.close();
    this.edited(draft);
    this.saveButton.focus();
  }

  cancelled() {
    this.messages.inform(p("Nothing was saved. Your text is kept in the form."));
    this.saveButton.focus();
  }
}
