// The history: who did what, newest first.

import { button, byId, make } from "./dom.js";
import { entriesOf, inWords, listed } from "./fields.js";

const shownAtFirst = 20;

const phrases = new Map([
  ["created", "created it"],
  ["updated", "changed it"],
  ["submitted", "submitted it"],
  ["approved", "approved it"],
  ["deleted", "deleted it"],
  ["meeting_scheduled", "scheduled the meeting"],
  ["meeting_cancelled", "cancelled the meeting"],
  ["processed", "processed it"],
]);

const phraseOf = (entry) => phrases.get(entry.modification_type) ?? inWords(entry.modification_type ?? "did something");
const userOf = (entry) => inWords(entry.user_id ?? "somebody");
const codesOf = (entries) => entries.map((entry) => entry.customer_code).filter(Boolean).map(inWords);

// momentOf is when an entry was made in milliseconds, NaN if it does not say.
const momentOf = ({ timestamp }) => (typeof timestamp === "string" ? Date.parse(timestamp) : NaN);

// newEntries are those that a version has more than the one before it: a history
// only grows.
export const newEntries = (before, after) => entriesOf(after).slice(entriesOf(before).length);

// authorsOf names whoever can have changed a field with these entries, people before
// the back end. Entries do not say which fields, so of several authors it was one.
export function authorsOf(entries) {
  const edits = entries.filter((entry) => entry.modification_type !== "processed");
  const updates = edits.filter((entry) => entry.modification_type === "updated");
  const users = [updates, edits, entries].find((some) => some.length > 0) ?? [];
  return listed([...new Set(users.map(userOf))], "or") || "somebody";
}

// tidings says in a sentence or two what new entries mean, for those who listen.
export function tidings(entries) {
  const processed = entries.filter((entry) => entry.modification_type === "processed");
  const others = entries.filter((entry) => entry.modification_type !== "processed");
  const parts = [...new Set(others.map((entry) => `${userOf(entry)} ${phraseOf(entry)}.`))];
  const customers = codesOf(processed);
  if (processed.length > 3) parts.push(`Processed for ${processed.length} customers.`);
  else if (processed.length > 0) parts.push(`Processed for ${listed(customers) || "a customer"}.`);
  return parts.join(" ");
}

function time(entry) {
  const { timestamp } = entry;
  const moment = momentOf(entry);
  if (Number.isNaN(moment)) return make("span", { className: "when", title: inWords(timestamp) }, "at an unknown time");
  const text = new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return make("time", { className: "when", dateTime: timestamp, title: timestamp }, text);
}

// One save is processed for each of its customers at about the same moment: that is
// one line here, not thirty.
const together = 60_000;

function belongsTo(entry, group) {
  const last = group?.at(-1);
  return last && entry.modification_type === "processed" && last.modification_type === "processed" &&
    userOf(entry) === userOf(last) && Math.abs(momentOf(entry) - momentOf(last)) <= together;
}

// grouped puts entries that are shown as one into one array.
function grouped(entries) {
  const groups = [];
  for (const entry of entries) {
    if (belongsTo(entry, groups.at(-1))) groups.at(-1).push(entry);
    else groups.push([entry]);
  }
  return groups;
}

// item is the line of a group, with the time of its newest entry.
function item(group, isNew) {
  const [newest] = group;
  const line = make("p", {}, make("b", {}, userOf(newest)), ` ${phraseOf(newest)}`);
  const codes = codesOf(group);
  if (codes.length > 0) line.append(" for ", make("span", { className: "code" }, listed(codes)));
  return make("li", { className: isNew ? "new" : "" }, line, time(newest));
}

export class History {
  constructor() {
    this.list = byId("history");
    this.older = byId("older");
    this.older.replaceWith((this.older = button("", () => this.showAll(), { id: "older", hidden: true })));
    this.all = false;
    this.entries = [];
  }

  // show draws a version's history; the last fresh entries are marked as new.
  show(metadata, fresh = 0) {
    this.entries = entriesOf(metadata);
    this.fresh = fresh;
    this.draw();
  }

  showAll() {
    this.all = true;
    this.draw();
    this.list.tabIndex = -1; // the button goes, the focus stays near
    this.list.focus();
  }

  draw() {
    const groups = grouped(this.entries.toReversed());
    const shown = this.all ? groups : groups.slice(0, shownAtFirst);
    const newOnes = new Set(this.fresh > 0 ? this.entries.slice(-this.fresh) : []);
    this.list.replaceChildren(...shown.map((group) => item(group, newOnes.has(group[0]))));
    this.older.hidden = shown.length === groups.length;
    this.older.textContent = `Show all ${this.entries.length} entries`;
  }
}
