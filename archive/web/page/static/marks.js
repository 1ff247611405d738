// Shows where a text differs from another one.

import { make } from "./dom.js";

const inWord = (c) => c !== undefined && /[\p{L}\p{N}\p{M}\p{Cs}]/u.test(c);

// difference is what of text remains without the beginning and the end that it
// shares with other, extended to whole words: [from, to).
function difference(text, other) {
  const most = Math.min(text.length, other.length);
  let from = 0;
  while (from < most && text[from] === other[from]) from++;
  let end = 0;
  while (end < most - from && text.at(-1 - end) === other.at(-1 - end)) end++;
  let to = text.length - end;
  while (from > 0 && inWord(text[from - 1]) && (inWord(text[from]) || inWord(other[from]))) from--;
  while (to < text.length && inWord(text[to]) && (inWord(text[to - 1]) || inWord(other[other.length - end - 1]))) { to++; end--; }
  return [from, Math.max(from, to)];
}

// marked is text as nodes, with what is not in other marked.
export function marked(text, other) {
  if (text === other) return [text];
  const [from, to] = difference(text, other);
  if (from === to) return [text]; // only shorter: there is nothing to mark
  return [text.slice(0, from), make("mark", {}, text.slice(from, to)), text.slice(to)];
}
