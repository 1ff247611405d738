// The dialogue that asks what shall be stored when two people changed the same text.

import { button, byId, make } from "./dom.js";
import { display, labelOf, listed } from "./fields.js";
import { marked } from "./marks.js";

// What the dialogue returns if it was not called off.
const decided = "decided";

// Dispute is one field: what was there when the user began, what others made of it,
// what the user wrote, and what will be saved.
class Dispute {
  constructor({ name, base, theirs, mine, by }, number, changed) {
    Object.assign(this, { name, theirs, mine, changed });
    const id = `dispute-${number}`;
    this.verdict = make("span", { id: `${id}-verdict`, className: "tag", role: "status" });
    this.result = make("textarea", {
      id: `${id}-result`, rows: 4, value: mine ?? "", "aria-describedby": `${id}-verdict`, oninput: () => this.decide("by hand"),
    });
    const was = base === undefined ? "" : display(base);
    this.element = make("fieldset", { className: "dispute" },
      make("legend", {}, labelOf(name)),
      version("When you began", shown(base)),
      make("div", { className: "sides" },
        version(`Theirs (${by})`, shown(theirs, was), button("Take theirs", () => this.takeTheirs(), { "aria-label": `${labelOf(name)}: take theirs` })),
        version("Mine", shown(mine, was), button("Take mine", () => this.takeMine(), { "aria-label": `${labelOf(name)}: take mine` }))),
      make("div", { className: "caption" }, make("label", { htmlFor: this.result.id }, "What will be saved"), this.verdict),
      this.result);
    this.show(undefined);
  }

  takeMine() {
    this.result.value = this.mine ?? "";
    this.decide("mine");
  }

  takeTheirs() {
    this.result.value = typeof this.theirs === "string" ? this.theirs : "";
    this.decide("theirs");
  }

  decide(how) {
    this.show(how);
    this.changed();
  }

  show(how) {
    this.how = how;
    const goes = this.isDecided && this.decision.text === undefined;
    this.result.placeholder = goes ? "The field is removed" : "";
    this.verdict.textContent = how === undefined ? "not decided yet" : goes ? `${how}: removed` : how;
    this.element.classList.toggle("decided", how !== undefined);
  }

  get isDecided() { return this.how !== undefined; }

  // decision is the text to save, undefined to remove the field; or to leave what others
  // have stored.
  get decision() {
    if (this.how === "theirs") return { takeTheirs: true, text: this.theirs };
    return { takeTheirs: false, text: this.how === "mine" ? this.mine : this.result.value };
  }
}

// shown is a value as nodes, with what another text lacks marked.
function shown(value, other) {
  if (value === undefined) return [make("em", {}, other === undefined ? "(there was no such field)" : "(removed)")];
  return other === undefined ? [display(value)] : marked(display(value), other);
}

function version(title, content, ...more) {
  return make("div", { className: "version" }, make("h3", {}, title), make("blockquote", {}, ...content), ...more);
}

export class ConflictDialog {
  // save gets the decisions, and the values of others that they were made on;
  // cancelled is called if the dialogue was closed without.
  constructor({ save, cancelled }) {
    this.dialog = byId("conflict");
    this.problem = byId("conflict-problem");
    this.saveButton = byId("conflict-save");
    this.save = save;
    byId("conflict-cancel").onclick = () => this.dialog.close();
    byId("conflict-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.dialog.addEventListener("close", () => this.dialog.returnValue === decided || cancelled());
  }

  get isOpen() { return this.dialog.open; }

  // ask shows the disputes, or shows them anew if others went on writing.
  ask(disputes, others, problem) {
    this.disputes = disputes.map((d, i) => new Dispute(d, i, () => this.complain()));
    const by = listed([...new Set(disputes.map((d) => d.by))], "or");
    const fields = listed(disputes.map((d) => `“${labelOf(d.name)}”`));
    byId("conflict-intro").textContent = `${by} changed ${fields} while you did. Your text is not saved yet. ` +
      "Decide for each text what shall be stored: take one, or write it together below.";
    byId("disputes").replaceChildren(...this.disputes.map((d) => d.element));
    byId("conflict-others").textContent = others.length === 0 ? "" : `Nobody else changed ${listed(others.map((name) => `“${labelOf(name)}”`))}: that is saved as you wrote it.`;
    this.complain(problem);
    this.busy(false);
    this.dialog.returnValue = "";
    if (!this.isOpen) this.dialog.showModal();
    byId("conflict-body").scrollTop = 0;
    this.disputes[0].element.querySelector("button").focus();
  }

  complain(problem) {
    this.problem.textContent = problem ?? "";
    this.problem.hidden = !problem;
  }

  busy(is) {
    this.saveButton.disabled = is;
    this.saveButton.textContent = is ? "Saving…" : "Save";
  }

  submit() {
    const open = this.disputes.find((d) => !d.isDecided);
    if (open) {
      this.complain(`Decide about “${labelOf(open.name)}” first: take mine, take theirs, or edit the text.`);
      open.element.querySelector("button").focus();
      return;
    }
    if (this.saveButton.disabled) return;
    this.complain();
    this.busy(true);
    this.save(this.disputes.map(({ name, theirs, decision }) => ({ name, theirs, ...decision })));
  }

  close() { this.dialog.close(decided); }
}
