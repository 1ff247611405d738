// What the user has on the screen, against what is stored. No page, no network.

import { idOf, isEditable } from "./fields.js";

const valueOf = (metadata, name) => (Object.hasOwn(metadata, name) ? metadata[name] : undefined);

const same = (a, b) => a === b || (typeof a !== "string" && typeof b !== "string" && JSON.stringify(a) === JSON.stringify(b));

// Draft keeps for each field the value that the user's text started from (its base).
// A newer version replaces the base of untouched fields only: the base of a touched
// one is what the user had seen when writing, and only an answer of the user to the
// newer value may move it. Otherwise a save could undo what the user never saw.
export class Draft {
  constructor(metadata, etag) {
    this.base = new Map();
    this.text = new Map();
    this.theirs = new Map(); // newer values of touched fields, by others
    this.receive(metadata, etag);
  }

  get names() { return [...this.text.keys()]; }

  isTouched(name) { return this.text.get(name) !== this.base.get(name); }

  get touched() { return this.names.filter((name) => this.isTouched(name)); }

  // edit is what the user typed.
  edit(name, text) {
    this.text.set(name, text);
    // Who types what others stored, or what was there before, has no conflict left.
    if (this.theirs.has(name) && (this.theirs.get(name) === text || !this.isTouched(name))) this.takeTheirs(name);
  }

  // receive takes in a stored version. It returns the fields that now have another
  // value, and those that kept the user's text although others changed them.
  receive(metadata, etag) {
    this.metadata = metadata;
    this.etag = etag;
    const news = { updated: [], kept: [] };
    const editable = Object.keys(metadata).filter((name) => isEditable(name, metadata[name]));
    for (const name of new Set([...this.names, ...editable])) {
      const value = valueOf(metadata, name);
      if (!this.isTouched(name)) {
        if (same(value, this.base.get(name))) continue;
        news.updated.push(name);
        this.settle(name, value);
      } else if (value === this.text.get(name)) {
        this.settle(name, value);
      } else if (same(value, this.base.get(name))) {
        this.theirs.delete(name);
      } else if (!this.theirs.has(name) || !same(this.theirs.get(name), value)) {
        news.kept.push(name);
        this.theirs.set(name, value);
      }
    }
    return news;
  }

  // settle makes a stored value the field's text. One that is no string any more has
  // no place in the form.
  settle(name, value) {
    this.theirs.delete(name);
    if (typeof value === "string") {
      this.base.set(name, value);
      this.text.set(name, value);
    } else {
      this.base.delete(name);
      this.text.delete(name);
    }
  }

  takeTheirs(name) { this.settle(name, valueOf(this.metadata, name)); }

  // resolve is the user's answer to a newer value: having seen it, text is what shall
  // be there.
  resolve(name, text) {
    this.theirs.delete(name);
    this.base.set(name, valueOf(this.metadata, name));
    this.text.set(name, text);
  }

  // submission is what a press of Save sends: the id, what the user changed, and what
  // that was based on. Its text stays the same however often it is sent.
  submission(modificationId, user) {
    const id = idOf(this.metadata);
    const sent = new Map(this.touched.map((name) => [name, this.text.get(name)]));
    const base = [...sent.keys()].map((name) => [name, this.base.get(name)]).filter(([, value]) => value !== undefined);
    // fromEntries and not assignment: a field may be called __proto__.
    const text = JSON.stringify({
      metadata: Object.fromEntries([id, ...sent]),
      isUpdate: true,
      expectedETag: this.etag,
      base: Object.fromEntries([id, ...base]),
      modificationId,
    });
    return { modificationId, user, sent, text };
  }

  // stored says that a submission is in the archive: what was sent is what the user
  // now starts from, also where the user has typed on.
  stored(submission) {
    for (const [name, text] of submission.sent) {
      this.base.set(name, text);
      this.theirs.delete(name);
    }
  }
}
