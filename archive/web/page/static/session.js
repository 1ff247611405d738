// One change being edited: loads it, follows others, saves. What the user sees of it
// is the view's business.
//
// A submission in doubt is sent again as it was, so an answer that got lost is never a second
// modification, but only while it is what the form has. What the user has changed or taken
// back since is not sent again; the archive is asked instead.

import { loadChange, newModificationId, upload } from "./api.js";
import { Draft, same } from "./draft.js";
import { authorsOf, newEntries } from "./history.js";

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
    this.untold = undefined; // a submission that is stored, whose customers may not have been told
  }

  get hasUnsaved() { return !!this.draft && (this.draft.doubts.length > 0 || this.draft.touched.length > 0); }

  async open() {
    const answer = await loadChange(this.id, this.user.name);
    if (this.draft) return; // asked twice: the first answer may have been edited already
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
    const doubted = this.draft.doubts.length > 0;
    const news = this.draft.receive(metadata, etag);
    for (const name of news.kept) this.changedBy.set(name, by);
    this.view.received(this.draft, { ...news, fresh, byOthers, by });
    if (news.arrived.length > 0) {
      this.untold = news.arrived.at(-1);
      this.view.arrived(this.draft, news.arrived);
    } else {
      this.afterDoubt(doubted);
    }
  }

  takeTheirs(name) {
    const doubted = this.draft.doubts.length > 0;
    this.draft.takeTheirs(name);
    this.view.edited(this.draft);
    this.afterDoubt(doubted);
  }

  // afterDoubt: what was in doubt may not matter any more, because the user has taken
  // what others stored.
  afterDoubt(doubted) {
    if (doubted && this.draft.doubts.length === 0) this.view.moot(this.draft);
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
      const doubted = this.draft.doubts.length > 0;
      if (doubted && !(await this.settle())) return;
      if (this.draft.touched.length === 0) return this.nothingLeft(doubted);
      // It is known already that this would be a conflict.
      if (this.draft.theirs.size > 0) return this.dispute();
      await this.submit();
    });
  }

  // nothingLeft is what a press of Save comes to if the form is what is stored.
  nothingLeft(doubted) {
    if (this.draft.doubts.length > 0) return this.view.notArrived(this.draft);
    if (doubted) return; // what became of it has been said
    if (this.untold) return this.tell(this.untold);
    this.view.nothingToSave();
  }

  // settle finds out what became of the last submission in doubt, and reports whether
  // the user may go on. If it is still what the user wants it is sent again: it is stored
  // once, however often it arrives. What the user has changed or taken back since is not
  // sent again, or it might be stored only now; then the archive is asked.
  async settle() {
    const doubt = this.draft.doubts.at(-1);
    if (doubt.user === this.user.name && this.draft.isWanted(doubt)) return this.send(doubt);
    const answer = await this.reload();
    if (answer.kind === "loaded") return true;
    this.view.unknown(answer);
    return false;
  }

  // retry is what "Try again" does about a submission in doubt.
  retry() {
    return this.alone(async () => {
      if (this.draft.doubts.length === 0) return this.view.settled();
      if ((await this.settle()) && this.draft.doubts.length > 0) this.view.notArrived(this.draft);
    });
  }

  // tellAgain repeats a submission that is stored, for the customers that were not
  // told: it stores nothing new.
  tellAgain(submission) { return this.alone(() => this.tell(submission)); }

  async tell(submission) {
    const answer = await upload(submission.body, submission.user);
    if (answer.kind === "saved") return this.saved(submission, answer.body);
    this.untold = submission;
    this.view.notTold(answer, () => this.tellAgain(submission));
  }

  submit(attempt = 1) {
    return this.send(this.draft.submission(newModificationId(), this.user.name), attempt);
  }

  // send posts a submission, for the first time or again, and reports whether the user
  // may go on: it is stored, or what was sent is stored by others.
  async send(submission, attempt = 1) {
    this.own.add(submission.modificationId);
    const again = this.draft.isInDoubt(submission);
    this.draft.sending(submission);
    const answer = await upload(submission.body, submission.user);
    if (answer.kind === "saved") {
      await this.saved(submission, answer.body);
      return true;
    }
    const looked = answer.kind === "conflict" || answer.kind === "gone";
    if (!looked && (await this.isOpen(submission, answer, again))) return !this.draft.isInDoubt(submission);
    if (answer.kind === "conflict") {
      await this.dispute(attempt, submission);
      return false;
    }
    this.refused(submission);
    switch (answer.kind) {
      case "crowded": this.view.crowded(answer); break;
      case "busy": this.view.busy(answer); break;
      default: this.view.refused(answer);
    }
    return false;
  }

  refused(submission) {
    this.draft.refused(submission);
    this.view.edited(this.draft);
  }

  // isOpen reports whether a submission may be stored although this answer does not say
  // so, and tells the user. A refusal is no answer about the times before; and browsers
  // send a request by themselves again if its connection breaks, so even the first one
  // is believed only if the archive does not hold the submission.
  async isOpen(submission, answer, again) {
    const found = answer.kind === "unknown" ? undefined : await this.reload();
    if (!this.draft.isInDoubt(submission)) return true; // found there, which has been told
    if (found?.kind === "loaded" && !again) return false;
    this.view.edited(this.draft);
    this.view.unknown(answer);
    return true;
  }

  async saved(submission, body) {
    this.draft.stored(submission);
    if (body.metadata && body.newETag) this.receive(body.metadata, body.newETag);
    else await this.reload();
    this.untold = undefined; // whom it could not tell is in its results
    this.view.saved(this.draft, body.results ?? [], () => this.tellAgain(submission));
  }

  // reload reads the current version.
  async reload() {
    const answer = await loadChange(this.id, this.user.name);
    if (answer.kind === "loaded") this.receive(answer.metadata, answer.etag);
    return answer;
  }

  // dispute asks the user about the fields that others changed too. Where there turn
  // out to be none the save is simply sent again: as it was, if that is still wanted, as an
  // earlier request of it may be under way at the server, and would be stored beside it.
  async dispute(attempt = 1, submission = undefined) {
    const answer = await this.reload();
    if (answer.kind !== "loaded") return this.view.notLoaded(answer);
    if (this.draft.theirs.size > 0) return this.ask();
    if (this.draft.touched.length === 0) return this.view.settled();
    if (attempt >= mostAttempts) return this.view.crowded({ message: "Others keep changing it." });
    if (submission && this.draft.isInDoubt(submission) && this.draft.isWanted(submission)) await this.send(submission, attempt + 1);
    else await this.submit(attempt + 1);
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
      if (this.isOutdated(decisions)) return this.askAgain();
      for (const { name, takeTheirs, text } of decisions) {
        if (takeTheirs) this.draft.takeTheirs(name);
        else this.draft.resolve(name, text);
      }
      this.view.decided(this.draft);
      if (this.draft.touched.length === 0) return this.view.settled();
      await this.submit();
    });
  }
  isOutdated(decisions) {
    const decided = new Set(decisions.map((d) => d.name));
    return decisions.some((d) => !same(this.draft.valueOf(d.name), d.theirs)) || [...this.draft.theirs.keys()].some((name) => !decided.has(name));
  }

  askAgain() {
    if (this.draft.theirs.size > 0) return this.ask("It was changed again while you decided. Please look once more.");
    this.view.decided(this.draft); // nothing is left to decide about
    this.view.changedBack();
  }
}
