// The form: one control for each field that is edited here.

import { button, byId, make } from "./dom.js";
import { controlOf, display, inOrder, isEditable, labelOf } from "./fields.js";

// Field is a label, a control and a note.
class Field {
  constructor(name, hooks) {
    this.name = name;
    this.hooks = hooks;
    this.note = make("div", { id: `note-${name}`, className: "note" });
    this.unsaved = make("span", { className: "tag", hidden: true }, "not saved");
    this.label = make("label", { htmlFor: `field-${name}` }, labelOf(name));
    this.element = make("div", { className: "field" }, make("div", { className: "caption" }, this.label, this.unsaved), this.note);
  }

  // set shows a value. The control may not hold it as it is (a textarea knows one
  // kind of line break), so it remembers what the control made of it: only what
  // differs from that was typed.
  set(value) {
    const want = controlOf(this.name, value);
    if (this.control?.localName !== want.tag) this.build(want);
    this.value = value;
    this.control.value = value;
    this.shown = this.control.value;
    if (want.tag === "textarea") this.control.rows = rowsFor(value);
  }

  build({ tag, wide, list }) {
    const focused = this.control && document.activeElement === this.control;
    const control = make(tag, {
      id: `field-${this.name}`, name: this.name, autocomplete: "off", list, oninput: () => this.hooks.edited(this.name, this.text),
      "aria-describedby": this.note.id,
    });
    if (tag === "input") control.type = "text";
    this.control?.remove();
    this.control = control;
    this.note.before(control);
    this.element.classList.toggle("wide", wide);
    if (focused) control.focus();
  }

  // text is what the control holds, as the document would have it.
  get text() {
    const typed = this.control.value;
    if (typed === this.shown) return this.value;
    return this.value.includes("\r\n") ? typed.replace(/\r?\n/g, "\r\n") : typed;
  }

  touched(is) {
    this.element.classList.toggle("touched", is);
    this.unsaved.hidden = !is;
  }

  say(kind, ...content) {
    this.note.className = `note ${kind}`;
    this.note.replaceChildren(...content);
  }

  // meanwhile: others changed the field, the user's text is kept.
  meanwhile(theirs, by) {
    const take = button("Take theirs", () => this.hooks.takeTheirs(this.name), { "aria-label": `${labelOf(this.name)}: take their text` });
    this.say("warn", make("p", {}, `Changed by ${by} meanwhile. Your text is kept; saving will ask you.`),
      make("blockquote", {}, display(theirs)), take);
  }
}

function rowsFor(value) {
  const lines = value.split("\n").reduce((n, line) => n + 1 + Math.floor(line.length / 80), 0);
  return Math.min(12, Math.max(2, lines));
}

export class Form {
  constructor(hooks) {
    this.hooks = hooks;
    this.container = byId("fields");
    this.values = byId("values");
    this.fields = new Map();
  }

  // show brings the form in line with a draft. A control whose text stays is not
  // touched, so that nobody loses the cursor.
  show(draft) {
    const names = inOrder(draft.names, draft.metadata);
    for (const [name, field] of this.fields) {
      if (!names.includes(name)) {
        field.element.remove();
        this.fields.delete(name);
      }
    }
    let place = this.container.firstChild;
    for (const name of names) {
      const field = this.fieldOf(name);
      if (!field.control || field.text !== draft.text.get(name)) field.set(draft.text.get(name));
      field.touched(draft.isTouched(name));
      if (!draft.theirs.has(name) && field.note.classList.contains("warn")) field.say("");
      if (field.element === place) place = place.nextSibling;
      else this.container.insertBefore(field.element, place);
    }
    this.showValues(draft.metadata);
  }

  fieldOf(name) {
    if (!this.fields.has(name)) this.fields.set(name, new Field(name, this.hooks));
    return this.fields.get(name);
  }

  // touched repeats after each key what show says once.
  touched(draft, name) {
    const field = this.fields.get(name);
    if (!draft.theirs.has(name)) field.say("");
    field.touched(draft.isTouched(name));
  }

  // updated points out fields whose text is now that of others.
  updated(names, by) {
    for (const name of names) this.fields.get(name)?.say("news", make("p", {}, `Changed by ${by} just now.`));
  }

  meanwhile(names, draft, by) {
    for (const name of names) this.fields.get(name)?.meanwhile(draft.theirs.get(name), by);
  }

  forgetNews() {
    for (const field of this.fields.values()) if (field.note.classList.contains("news")) field.say("");
  }

  showValues(metadata) {
    const names = Object.keys(metadata).filter((name) => name !== "modifications" && !isEditable(name, metadata[name]));
    this.values.replaceChildren(...names.flatMap((name) => [make("dt", {}, labelOf(name)), make("dd", {}, display(metadata[name]))]));
  }
}
