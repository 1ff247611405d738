// What a document holds: which of its values are edited here, in which order, what they
// are called, and its history.

// The fields that people edit most, in the order of the form.
const known = new Map([
  ["changeTitle", { label: "Title", short: true, wide: true }],
  ["title", { label: "Title", short: true, wide: true }],
  ["summary", { label: "Summary" }],
  ["content", { label: "Content" }],
  ["changeReason", { label: "Reason" }],
  ["implementationPlan", { label: "Implementation plan" }],
  ["testPlan", { label: "Test plan" }],
  ["customerImpact", { label: "Impact on customers" }],
  ["rollbackPlan", { label: "Rollback plan" }],
  ["implementationStart", { label: "Implementation starts", short: true }],
  ["implementationEnd", { label: "Implementation ends", short: true }],
  ["timezone", { label: "Time zone", short: true }],
  ["status", { label: "Status", short: true, list: "statuses" }],
  ["snowTicket", { label: "ServiceNow ticket", short: true }],
  ["jiraTicket", { label: "Jira ticket", short: true }],
]);

// Strings that software keeps: what an object is, who touched it when, and what the
// back end found out.
const kept = new Set([
  "changeId", "announcement_id", "object_type", "announcement_type", "prior_status", "survey_id", "survey_url", "author", "posted_date",
]);
const keptEnding = /(?:[a-z](?:At|By)|_(?:at|by))$/;

export function isEditable(name, value) {
  return typeof value === "string" && !kept.has(name) && !keptEnding.test(name);
}

// inOrder sorts names as the form shows them: known fields, then the rest as the
// document has them.
export function inOrder(names, metadata) {
  const first = [...known.keys()];
  const all = Object.keys(metadata);
  const place = (name) => {
    const i = first.indexOf(name);
    if (i >= 0) return i;
    const j = all.indexOf(name);
    return first.length + (j < 0 ? all.length : j);
  };
  return [...names].sort((a, b) => place(a) - place(b));
}

export function labelOf(name) {
  return known.get(name)?.label ?? humanize(name);
}

// humanize turns meetingStartTime and posted_date into words.
function humanize(name) {
  const words = name.replace(/[_-]+/g, " ").replace(/([a-z0-9])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`).trim();
  return words ? words[0].toUpperCase() + words.slice(1) : name;
}

const shortest = 60;

// controlOf says what a value is edited in. An input would drop line breaks.
export function controlOf(name, value) {
  const k = known.get(name);
  const oneLine = !/[\r\n]/.test(value) && (k ? !!k.short : value.length <= shortest);
  return { tag: oneLine ? "input" : "textarea", wide: !oneLine || !!k?.wide, list: k?.list };
}

export function idOf(metadata) {
  return Object.hasOwn(metadata, "changeId") ? ["changeId", metadata.changeId] : ["announcement_id", metadata.announcement_id];
}

export function titleOf(metadata) {
  return inWords(metadata.changeTitle || metadata.title || idOf(metadata)[1]);
}

// entriesOf are those of the history, oldest first.
export const entriesOf = (metadata) => (Array.isArray(metadata.modifications) ? metadata.modifications.map(Object) : []);

// inWords is a value as a part of a sentence. Whatever stands where a text is expected
// must not keep anybody from the page: String() throws for objects that are no text, and
// for numbers that keep their spelling.
export const inWords = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// display is a value as text to read: a string as it is, anything else as JSON.
export function display(value) {
  if (value === undefined) return "(absent)";
  if (typeof value === "string") return value === "" ? "(empty)" : value;
  if (Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === "string")) return value.join(", ");
  return JSON.stringify(value, null, 2);
}

// listed joins words: "a", "a and b", "a, b and c".
export function listed(words, last = "and") {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
