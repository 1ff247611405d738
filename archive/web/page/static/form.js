// The form: one control for each field that is edited here.

import { button, byId, make } from "./dom.js";
import { controlOf, display, inOrder, isEditable, labelOf } from "./fields.js";

// What the caption says of a field besides its name.
const tags = { touched: "not saved", unsure: "not known whether saved", recalled: "an earlier text may be saved", clean: "" };
const removedTags = { ...tags, touched: "removed when you save", unsure: "not known whether removed" };

// Field is a label, a control and a note. While the user removes the field, what will go
// stands in the control's place.
class Field {
  constructor(name, hooks) {
    this.name = name;
    this.hooks = hooks;
    this.note = make("div", { id: `note-${name}`, className: "note" });
    this.tag = make("span", { className: "tag" });
    this.gone = make("div", { className: "gone", hidden: true });
    this.label = make("label", { htmlFor: `field-${name}` }, labelOf(name));
    this.element = make("div", { className: "field" }, make("div", { className: "caption" }, this.label, this.tag), this.gone, this.note);
  }

  // set shows a value. The control may not hold it as it is (a textarea knows one
  // kind of line break), so it remembers what the control made of it: only what
  // differs from that was typed.
  set(value) {
    this.showRemoved(false);
    const want = controlOf(this.name, value);
    if (this.control?.localName !== want.tag) this.build(want);
    this.value = value;
    this.control.value = value;
    this.shown = this.control.value;
    if (want.tag === "textarea") this.control.rows = rowsFor(value);
  }

  // setRemoved shows that the field will go, and the text that it has until then.
  setRemoved(text) {
    if (!this.control) this.set(text ?? "");
    const keep = button("Keep it", () => this.keep(), { "aria-label": `${labelOf(this.name)}: keep this field` });
    this.gone.replaceChildren(make("del", {}, display(text)), keep);
    this.showRemoved(true);
  }

  showRemoved(is) {
    this.isRemoved = is;
    this.gone.hidden = !is;
    if (this.control) this.control.hidden = is;
    this.element.classList.toggle("removed", is);
  }

  keep() {
    this.hooks.restore(this.name);
    this.control.focus();
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
    if (this.isRemoved) return undefined;
    const typed = this.control.value;
    if (typed === this.shown) return this.value;
    return this.value.includes("\r\n") ? typed.replace(/\r?\n/g, "\r\n") : typed;
  }

  mark(state) {
    this.element.classList.toggle("touched", state !== "clean");
    this.element.classList.toggle("unsure", state === "unsure" || state === "recalled");
    this.tag.textContent = (this.isRemoved ? removedTags : tags)[state];
  }

  say(kind, ...content) {
    this.note.className = `note ${kind}`;
    this.note.replaceChildren(...content);
  }

  // meanwhile: others changed the field, the user's text is kept.
  meanwhile(theirs, by) {
    const take = button("Take theirs", () => this.hooks.takeTheirs(this.name), { "aria-label": `${labelOf(this.name)}: take their text` });
    const what = theirs === undefined ? "Removed" : "Changed";
    this.say("warn", make("p", {}, `${what} by ${by} meanwhile. ${this.isRemoved ? "You are removing it" : "Your text is kept"}; saving will ask you.`),
      ...(theirs === undefined ? [] : [make("blockquote", {}, display(theirs))]), take);
  }
}

function rowsFor(value) {
  const lines = value.split("\n").reduce((n, line) => n + 1 + Math.floor(line.length / 80), 0);
  return Math.min(12, Math.max(2, lines));
}

// Removal lets the user choose a field to remove. It is one place below the fields: a
// button at each would stand in the way of whoever goes through them by keys.
class Removal {
  constructor(remove) {
    this.names = [];
    this.select = byId("removable");
    this.status = byId("removed");
    byId("remove").onclick = () => {
      const name = this.select.value;
      if (!this.names.includes(name)) return;
      remove(name);
      this.status.textContent = `${labelOf(name)} goes when you save. Until then “Keep it” at the field takes that back.`;
    };
  }

  // show offers these fields. The list is left alone if it is what it was, so that
  // nobody's choice is lost.
  show(names) {
    if (names.join("\n") === this.names.join("\n")) return;
    const chosen = this.select.value;
    this.names = names;
    this.select.replaceChildren(...names.map((name) => make("option", { value: name }, labelOf(name))));
    if (names.includes(chosen)) this.select.value = chosen;
    this.status.textContent = "";
  }
}

export class Form {
  constructor(hooks) {
    this.hooks = hooks;
    this.container = byId("fields");
    this.values = byId("values");
    this.fields = new Map();
    this.removal = new Removal((name) => this.remove(name));
  }

  remove(name) {
    this.hooks.remove(name);
    this.fields.get(name)?.element.scrollIntoView({ block: "nearest" });
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
      if (!field.control || field.text !== draft.text.get(name)) this.set(field, draft);
      field.mark(draft.stateOf(name));
      if (!draft.theirs.has(name) && field.note.classList.contains("warn")) field.say("");
      if (field.element === place) place = place.nextSibling;
      else this.container.insertBefore(field.element, place);
    }
    this.removal.show(names.filter((name) => !draft.isRemoved(name)));
    this.showValues(draft.metadata);
  }

  set(field, draft) {
    if (draft.isRemoved(field.name)) field.setRemoved(draft.cut.get(field.name));
    else field.set(draft.text.get(field.name));
  }

  fieldOf(name) {
    if (!this.fields.has(name)) this.fields.set(name, new Field(name, this.hooks));
    return this.fields.get(name);
  }

  // touched repeats after each key what show says once.
  touched(draft, name) {
    const field = this.fields.get(name);
    if (!draft.theirs.has(name)) field.say("");
    field.mark(draft.stateOf(name));
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
