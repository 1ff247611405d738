// What the user sees of a session.

import { ConflictDialog } from "./conflict.js";
import { button, byId, make } from "./dom.js";
import { idOf, inWords, labelOf, listed, titleOf } from "./fields.js";
import { Form } from "./form.js";
import { History, tidings } from "./history.js";
import { Messages, told } from "./messages.js";

const p = (...content) => make("p", {}, ...content);

const wait = (retryAfter) => (Number(retryAfter) > 0 ? ` The server asks to wait ${Number(retryAfter)} s.` : "");

const few = (names) => (names.length > 3 ? `${names.length} fields` : listed(names.map(labelOf)));

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
    this.others = []; // the fields that came changed with the last version
  }

  // attach connects the controls with the session.
  attach(session) {
    this.session = session;
    this.form = new Form({
      edited: (name, text) => this.typed(name, text),
      takeTheirs: (name) => session.takeTheirs(name),
      remove: (name) => this.changed((draft) => draft.edit(name, undefined)),
      restore: (name) => this.changed((draft) => draft.restore(name)),
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
    if (kind === "gone") return this.deleted();
    this.lost = kind === "failed" || kind === "nobody" ? `No contact, still trying: ${message}` : undefined;
    this.showWatching();
  }

  deleted() { this.messages.complain(p("This change was deleted. Your text is still here, but it can't be saved.")); }

  typed(name, text) {
    const { draft } = this.session;
    draft.edit(name, text);
    this.form.touched(draft, name);
    this.count(draft);
  }

  // changed shows what a button has made of the draft.
  changed(change) {
    change(this.session.draft);
    this.edited(this.session.draft);
  }

  // edited shows a draft that has changed by other means than typing.
  edited(draft) {
    const title = titleOf(draft.metadata);
    byId("heading").replaceChildren(title, " ", make("span", { className: "id" }, inWords(idOf(draft.metadata)[1])));
    document.title = title;
    this.form.show(draft);
    this.count(draft);
  }

  count(draft) {
    const unsure = draft.touched.filter((name) => draft.stateOf(name) === "unsure");
    const unsaved = draft.touched.filter((name) => !unsure.includes(name));
    const parts = [["Not known whether saved", unsure], ["Not saved", unsaved]].filter(([, names]) => names.length > 0);
    byId("unsaved").textContent = parts.map(([what, names]) => `${what}: ${few(names)}`).join(". ") || "No unsaved changes";
    byId("unsaved").classList.toggle("some", parts.length > 0);
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
      this.others = [];
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

  // unknown: the answer to a save was lost, and later ones do not settle it.
  unknown({ kind, message, retryAfter }) {
    this.messages.complain(p(`It is not known whether your change was saved: ${message}${wait(retryAfter)}`),
      p("Your text is kept here. Trying again is safe: it is saved once, however often it is sent."),
      button("Try again", () => this.session.retry()));
    if (kind === "nobody") this.user.ask();
  }

  // nothing: of what was sent before it may not be known.
  get nothing() { return this.session.draft.doubts.length > 0 ? "Nothing of what was sent now" : "Nothing"; }

  // busy: nothing is stored, and it is worth trying again.
  busy({ message, retryAfter }) {
    this.messages.complain(p(`${this.nothing} was saved yet: ${message}${wait(retryAfter)}`), p("Your text is kept here."),
      button("Try again", () => this.session.save()));
  }

  // arrived: a version came that holds the save whose answer was lost.
  arrived(draft, submissions) {
    const since = new Set(submissions.flatMap(({ sent }) => [...sent.keys()]).filter((name) => draft.isTouched(name)));
    const parts = [p("Your change is saved after all.")];
    if (since.size > 0) parts.push(p(`What you have made of ${listed([...since].map(labelOf))} since then is not saved yet.`));
    parts.push(p("It is not known whether all customers were told. Telling them again makes sure, and saves nothing twice."));
    this.messages.inform(...parts, button("Tell them again", () => this.session.tellAgain(submissions.at(-1))));
  }

  // notArrived: a save whose answer was lost is not stored so far, and what it sent is
  // not what the user wants any more.
  notArrived(draft) {
    this.messages.inform(p("The save whose answer was lost is not stored so far. If it arrives later, this page will tell you."),
      p(draft.touched.length > 0 ? "Save sends what the form has now." : "You have taken it back, so there is nothing to save."));
  }

  // moot: nothing depends any more on a save whose answer was lost.
  moot(draft) {
    if (draft.touched.length === 0) this.settled();
    else this.messages.clear();
  }

  notTold({ message, retryAfter }, again) {
    this.messages.warn(p(`Your change is saved, but it is not known whether all customers were told: ${message}${wait(retryAfter)}`), button("Tell them again", again));
  }

  changedBack() { this.messages.inform(p("Others have taken their change back while you decided. Your text is in the form, and not saved.")); }

  crowded({ message }) {
    this.messages.complain(p(`${this.nothing} was saved, because too many are writing at once. ${message ?? ""}`),
      button("Try again", () => this.session.save()));
  }

  refused({ kind, message }) {
    if (kind === "nobody") return this.badName(message);
    // Before it was deleted, an earlier request may have been stored.
    if (kind === "gone") return this.deleted();
    this.messages.complain(p(`${this.nothing} was saved: ${message}`), p("Your text is kept here."));
  }

  // notLoaded: others have changed the same fields, and it can't be seen to what.
  notLoaded({ kind, message }) {
    if (kind === "gone") return this.deleted();
    this.messages.complain(p(`Others have changed the same text, and what they wrote can't be loaded: ${message}`), p("Your text is kept here, and not saved."));
  }

  ask(disputes, others, problem) { this.dialog.ask(disputes, others, problem); }

  notDecided({ message }) {
    this.dialog.complain(`It is not saved: ${message} Try again.`);
  }

  decided(draft) {
    this.dialog.close();
    this.edited(draft);
    this.saveButton.focus();
  }

  cancelled() {
    this.messages.inform(p("Your text is kept in the form, and not saved."));
    this.saveButton.focus();
  }
}
