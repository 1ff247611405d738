// What the user has on the screen, against what is stored. No page, no network.
//
// A field has a text, which is on the screen, and a base: the stored value that the text
// started from. Either may be undefined: there is no such field, or the user removes it.
// Where they differ the user has touched the field, and others may have made something
// else of it meanwhile (theirs).
//
// A submission is in doubt from when it is sent until it is settled, which happens once:
//
//   stored    an answer says so, or a version has its modification:
//             what was sent becomes the base
//   refused   nothing is stored: the base stays
//
// It knows the fields whose base is still the one that it was sent from (open). When a
// base moves in any other way, because the field follows a newer version, because the
// user answers to one, or because a later submission is stored, the field is closed in
// it: whatever is found out about it later is older than what the user has seen since.
// So no base ever goes back to an older value, and no text is on the screen as the user's
// that the user has neither typed nor been shown.

import { entriesOf, idOf, isEditable } from "./fields.js";

export const same = (a, b) => a === b || (typeof a !== "string" && typeof b !== "string" && JSON.stringify(a) === JSON.stringify(b));

// Draft keeps for each field the value that the user's text started from (its base).
// A newer version replaces the base of untouched fields only: the base of a touched
// one is what the user had seen when writing, and only an answer of the user to the
// newer value may move it. Otherwise a save could undo what the user never saw.
export class Draft {
  constructor(metadata, etag) {
    this.base = new Map();
    this.text = new Map();
    this.theirs = new Map(); // newer values of touched fields, by others
    this.cut = new Map(); // the texts of fields that the user removes
    this.doubts = []; // submissions in doubt, in the order in which they were made
    this.receive(metadata, etag);
  }

  // valueOf is what is stored, as far as is known.
  valueOf(name) { return Object.hasOwn(this.metadata, name) ? this.metadata[name] : undefined; }

  get names() { return [...this.text.keys()]; }

  isTouched(name) { return this.text.get(name) !== this.base.get(name); }

  get touched() { return this.names.filter((name) => this.isTouched(name)); }

  isRemoved(name) { return this.text.has(name) && this.text.get(name) === undefined; }

  // stateOf is "unsure" if the field's text was sent and may be stored, "recalled" if
  // another text of it may be stored and the user has gone back to the base, else
  // "touched" or "clean".
  stateOf(name) {
    const sent = this.doubts.filter((doubt) => doubt.open.has(name));
    if (this.isTouched(name)) return sent.some((doubt) => doubt.sent.get(name) === this.text.get(name)) ? "unsure" : "touched";
    return sent.length > 0 ? "recalled" : "clean";
  }

  // edit is what the user typed, or undefined to remove the field.
  edit(name, text) {
    if (text === undefined) this.cut.set(name, this.text.get(name));
    else this.cut.delete(name);
    this.text.set(name, text);
    // Who types what others stored, or what was there before, has no conflict left.
    if (this.theirs.has(name) && (this.theirs.get(name) === text || !this.isTouched(name))) this.takeTheirs(name);
    this.forgetIfGone(name);
  }

  // restore takes a removal back.
  restore(name) { this.edit(name, this.cut.get(name)); }

  // receive takes in a stored version. It returns the submissions that it settles, the
  // fields that now have another value, and those that kept the user's text although
  // others changed them.
  receive(metadata, etag) {
    this.metadata = metadata;
    this.etag = etag;
    const news = { arrived: this.settleByHistory(), updated: [], kept: [] };
    const editable = Object.keys(metadata).filter((name) => isEditable(name, metadata[name]));
    for (const name of new Set([...this.names, ...editable])) {
      const value = this.valueOf(name);
      if (!this.isTouched(name)) {
        if (same(value, this.base.get(name))) continue;
        news.updated.push(name);
        this.follow(name, value);
      } else if (value === this.text.get(name)) {
        this.follow(name, value);
      } else if (same(value, this.base.get(name))) {
        this.theirs.delete(name);
      } else if (!this.theirs.has(name) || !same(this.theirs.get(name), value)) {
        news.kept.push(name);
        this.theirs.set(name, value);
      }
    }
    return news;
  }

  // follow makes a stored value the field's base and text. One that is no string has no
  // place in the form.
  follow(name, value) {
    this.theirs.delete(name);
    this.cut.delete(name);
    this.close(name, this.doubts);
    if (typeof value === "string") {
      this.base.set(name, value);
      this.text.set(name, value);
    } else {
      this.base.delete(name);
      this.text.delete(name);
    }
  }

  takeTheirs(name) { this.follow(name, this.valueOf(name)); }

  // resolve is the user's answer to a newer value: having seen it, text is what shall
  // be there.
  resolve(name, text) {
    this.theirs.delete(name);
    this.close(name, this.doubts);
    this.base.set(name, this.valueOf(name));
    this.text.set(name, text);
    this.forgetIfGone(name);
  }

  // forgetIfGone drops a field that is neither stored nor shall be.
  forgetIfGone(name) {
    if (this.text.get(name) === undefined && this.base.get(name) === undefined) this.follow(name, undefined);
  }

  // submission is what a press of Save sends: the id, what the user changed, and what
  // that was based on; not the document, which may be larger than an upload. Its body stays the same however often it is sent.
  submission(modificationId, user) {
    const id = idOf(this.metadata);
    const sent = new Map(this.touched.map((name) => [name, this.text.get(name)]));
    const remove = [...sent.keys()].filter((name) => this.isRemoved(name));
    const set = [...sent].filter(([, text]) => text !== undefined);
    const base = [...sent.keys()].map((name) => [name, this.base.get(name)]).filter(([, value]) => value !== undefined);
    // fromEntries and not assignment: a field may be called __proto__.
    const body = JSON.stringify({
      metadata: Object.fromEntries([id, ...set]),
      isUpdate: true,
      expectedETag: this.etag,
      base: Object.fromEntries([id, ...base]),
      remove: remove.length > 0 ? remove : undefined,
      modificationId,
    });
    return { modificationId, user, sent, open: new Set(sent.keys()), body };
  }

  isInDoubt(submission) { return this.doubts.includes(submission); }

  // isWanted reports whether a submission in doubt is still what the user wants: none of
  // its texts has been changed or taken back. Only then may it be sent again.
  isWanted(submission) {
    return submission.open.size === submission.sent.size && [...submission.sent].every(([name, text]) => this.text.get(name) === text);
  }

  // sending puts a submission in doubt.
  sending(submission) {
    if (!this.isInDoubt(submission)) this.doubts.push(submission);
  }

  refused(submission) { this.doubts = this.doubts.filter((doubt) => doubt !== submission); }

  // stored says that a submission is in the archive: what was sent is what the user
  // now starts from, also where the user has typed on.
  stored(submission) {
    if (!this.isInDoubt(submission)) return; // settled already, and much may have happened since
    const before = this.doubts.slice(0, this.doubts.indexOf(submission));
    this.refused(submission);
    for (const name of submission.open) {
      this.base.set(name, submission.sent.get(name));
      this.theirs.delete(name);
      this.close(name, before);
      this.forgetIfGone(name);
    }
  }

  // close says that the base of a field has moved on from where these were sent.
  close(name, doubts) {
    for (const doubt of doubts) doubt.open.delete(name);
    this.doubts = this.doubts.filter((doubt) => doubt.open.size > 0);
  }

  // settleByHistory finds submissions in doubt among the entries of the current version.
  settleByHistory() {
    if (this.doubts.length === 0) return [];
    const ids = entriesOf(this.metadata).map((entry) => entry.modification_id);
    const arrived = this.doubts.filter((doubt) => ids.includes(doubt.modificationId));
    for (const doubt of arrived) this.stored(doubt);
    return arrived;
  }
}
