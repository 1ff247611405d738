// One change being edited: loads it, follows others, saves. What the user sees of it
// is the view's business.

import { loadChange, newModificationId, upload } from "./api.js";
import { Draft } from "./draft.js";
import { display } from "./fields.js";
import { authorsOf, entriesOf, newEntries } from "./history.js";

// How often a save that lost against writers of other fields is sent again unasked.
const mostAttempts = 3;

export class Session {
  constructor(id, user, view) {
    this.id = id;
    this.user = user;
    this.view = view;
    this.saving = false;
    this.turn = 0; // counts saves: an answer to a question asked before one is out of date
    this.own = new Set(); // modification ids of this page
    this.changedBy = new Map(); // who changed the fields that the user touched too
    // A submission that is to be sent again, as it may or may not be stored. Until that
    // is settled nothing else is sent.
    this.pending = undefined;
  }

  get hasUnsaved() { return !!this.pending || (this.draft?.touched.length ?? 0) > 0; }

  async open() {
    const answer = await loadChange(this.id, this.user.name);
    if (answer.kind !== "loaded") return this.view.notOpened(answer);
    this.draft = new Draft(answer.metadata, answer.etag);
    this.view.opened(this.draft);
  }

  // look asks whether there is another version.
  async look() {
    if (!this.draft) return this.open();
    if (this.saving) return;
    const turn = this.turn;
    const answer = await loadChange(this.id, this.user.name, this.draft.etag);
    if (turn !== this.turn) return;
    this.view.contact(answer);
    if (answer.kind === "loaded") this.receive(answer.metadata, answer.etag);
  }

  receive(metadata, etag) {
    const fresh = newEntries(this.draft.metadata, metadata);
    const byOthers = fresh.filter((entry) => !this.own.has(entry.modification_id));
    const by = authorsOf(byOthers);
    const arrived = this.pending && !this.pending.stored && entriesOf(metadata).some((e) => e.modification_id === this.pending.modificationId);
    if (arrived) this.draft.stored(this.pending);
    const news = this.draft.receive(metadata, etag);
    for (const name of news.kept) this.changedBy.set(name, by);
    this.view.received(this.draft, { ...news, fresh, byOthers, by });
    if (arrived) this.view.arrived();
  }

  takeTheirs(name) {
    this.draft.takeTheirs(name);
    this.view.edited(this.draft);
  }

  // alone runs one thing that saves at a time.
  async alone(work) {
    if (this.saving) return;
    this.busy(true);
    try {
      await work();
    } finally {
      this.busy(false);
    }
  }

  busy(is) {
    this.saving = is;
    this.turn++;
    this.view.saving(is);
  }

  // save is what a press of Save does.
  async save() {
    if (!this.draft) return;
    if (!this.user.name) return this.view.needName();
    await this.alone(async () => {
      const settled = this.pending !== undefined;
      if (settled && !(await this.send(this.pending))) return;
      if (this.draft.touched.length === 0) return settled || this.view.nothingToSave();
      // It is known already that this would be a conflict.
      if (this.draft.theirs.size > 0) return this.dispute();
      await this.submit();
    });
  }

  // retry repeats the submission whose answer was lost.
  retry() {
    return this.alone(() => this.pending && this.send(this.pending));
  }

  // tellAgain repeats a submission that is stored, for the customers that were not
  // told: it stores nothing new.
  tellAgain(submission) {
    return this.alone(() => this.send(submission));
  }

  submit(attempt = 1) {
    return this.send(this.draft.submission(newModificationId(), this.user.name), attempt);
  }

  // send posts a submission, for the first time or again, and reports whether the
  // archive now holds it.
  async send(submission, attempt = 1) {
    this.own.add(submission.modificationId);
    const answer = await upload(submission.text, submission.user);
    this.pending = answer.kind === "unknown" || answer.kind === "busy" ? submission : undefined;
    switch (answer.kind) {
      case "saved": await this.saved(submission, answer.body); return true;
      case "unknown": this.view.unknown(answer); break;
      case "busy": this.view.busy(answer); break;
      case "conflict": await this.conflict(answer, attempt); break;
      default: this.view.refused(answer);
    }
    return false;
  }

  async saved(submission, body) {
    this.draft.stored(submission);
    if (body.metadata && body.newETag) this.receive(body.metadata, body.newETag);
    else await this.reload();
    this.view.saved(this.draft, body.results ?? [], () => this.tellAgain(submission));
  }

  async conflict(answer, attempt) {
    if (answer.body.reason !== "conflict") return this.view.crowded(answer);
    await this.dispute(attempt);
  }

  // reload reads the current version.
  async reload() {
    const answer = await loadChange(this.id, this.user.name);
    if (answer.kind === "loaded") this.receive(answer.metadata, answer.etag);
    return answer;
  }

  // dispute asks the user about the fields that others changed too. Where there turn
  // out to be none the save is simply sent again.
  async dispute(attempt = 1) {
    const answer = await this.reload();
    if (answer.kind !== "loaded") return this.view.refused(answer);
    if (this.draft.theirs.size > 0) return this.ask();
    if (this.draft.touched.length === 0) return this.view.settled();
    if (attempt >= mostAttempts) return this.view.crowded({ message: "Others keep changing it." });
    await this.submit(attempt + 1);
  }

  ask(problem) {
    const { base, theirs, text, touched } = this.draft;
    const disputes = [...theirs.keys()].map((name) => ({
      name, base: base.get(name), theirs: theirs.get(name), mine: text.get(name), by: this.changedBy.get(name) ?? "somebody",
    }));
    this.view.ask(disputes, touched.filter((name) => !theirs.has(name)), problem);
  }

  // decide saves what the user decided, unless others have written again: a decision
  // is about the values that were on the screen.
  decide(decisions) {
    return this.alone(async () => {
      const answer = await this.reload();
      if (!this.view.isAsking) return; // called off while the server was asked
      if (answer.kind !== "loaded") return this.view.notDecided(answer);
      const seen = new Map(decisions.map((d) => [d.name, d.theirs]));
      const outdated = [...this.draft.theirs].some(([name, value]) => !seen.has(name) || display(seen.get(name)) !== display(value));
      if (outdated) return this.ask("It was changed again while you decided. Please look once more.");
      for (const { name, text } of decisions) {
        if (text === undefined) this.draft.takeTheirs(name);
        else this.draft.resolve(name, text);
      }
      this.view.decided(this.draft);
      if (this.draft.touched.length === 0) return this.view.settled();
      await this.submit();
    });
  }
}
