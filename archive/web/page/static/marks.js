// Shows where a text differs from another one, word by word.

import { make } from "./dom.js";

// A table of this many pairs of words is made in no time; texts beyond it are marked
// from their first to their last difference.
const mostPairs = 1_000_000;

const wordsOf = (text) => text.match(/[\p{L}\p{N}\p{M}_]+|\s+|[^]/gu) ?? [];

// longest fills a table of the lengths of the longest common subsequences of the ends
// of a and b.
function longest(a, b) {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const here = i * width + j;
      table[here] = a[i] === b[j] ? table[here + width + 1] + 1 : Math.max(table[here + width], table[here + 1]);
    }
  }
  return (i, j) => table[i * width + j];
}

// added tells for each word of a whether b lacks it.
function added(a, b) {
  if (a.length * b.length > mostPairs) return a.map(() => true);
  const length = longest(a, b);
  const isAdded = [];
  for (let i = 0, j = 0; i < a.length; ) {
    if (j < b.length && a[i] === b[j]) {
      isAdded.push(false);
      i++;
      j++;
    } else if (j < b.length && length(i, j + 1) >= length(i + 1, j)) {
      j++;
    } else {
      isAdded.push(true);
      i++;
    }
  }
  return isAdded;
}

// marked is text as nodes, with what is not in other marked.
export function marked(text, other) {
  const a = wordsOf(text), b = wordsOf(other);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = a.slice(start, a.length - end);
  const nodes = [a.slice(0, start).join("")];
  added(middle, b.slice(start, b.length - end)).forEach((isAdded, i) => {
    const last = nodes.at(-1);
    if (isAdded && last.localName === "mark") last.append(middle[i]);
    else nodes.push(isAdded ? make("mark", {}, middle[i]) : middle[i]);
  });
  return [...nodes, a.slice(a.length - end).join("")];
}
