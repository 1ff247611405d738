// The only way in which this page makes elements: values go in as text, never as markup.

export const byId = (id) => document.getElementById(id);

// make creates an element. Properties are set as properties, except those with a
// hyphen and role, which are attributes. Children are nodes or text.
export function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined) continue;
    if (name.includes("-") || name === "role" || name === "list") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// button makes a button that does not submit its form.
export function button(text, onclick, properties) {
  return make("button", { type: "button", onclick, ...properties }, text);
}
