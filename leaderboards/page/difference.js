// Shows two texts side by side, line by line, with what differs marked.
"use strict";

const MOST_ALIGNED = 400; // lines; beyond, lines are paired by their numbers

// Returns [line of a, line of b] pairs; undefined where one has no such line. As many equal lines are paired as can be.
function alignLines(a, b) {
  if (a.length > MOST_ALIGNED || b.length > MOST_ALIGNED) {
    return Array.from({ length: Math.max(a.length, b.length) }, (_, place) => [a[place], b[place]]);
  }
  const common = commonLengths(a, b);
  const pairs = [];
  let [i, j, removed, added] = [0, 0, [], []];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pairs.push(...zipped(removed, added), [a[i++], b[j++]]);
      [removed, added] = [[], []];
    } else if (j === b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) removed.push(a[i++]);
    else added.push(b[j++]);
  }
  return [...pairs, ...zipped(removed, added)];
}

// Returns for every two rests of a and b the length of their longest common subsequence.
function commonLengths(a, b) {
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  return common;
}

function zipped(a, b) {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, place) => [a[place], b[place]]);
}

// Returns how many characters two lines share at the beginning, and then at the end.
function sharedEnds(a, b) {
  const least = Math.min(a.length, b.length);
  let [start, end] = [0, 0];
  while (start < least && a[start] === b[start]) start++;
  while (end < least - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return [start, end];
}

// Spaces are shown where nothing else differs.
const visible = (line) => line.replaceAll(" ", "·").replaceAll("\t", "→");

function differingCell(line, other, tag) {
  if (line === undefined) return element("td", { class: "none" });
  if (other === undefined) return element("td", { class: "differs" }, element(tag, { text: line || "(empty line)" }));
  const shown = line.trim() === other.trim() || !line.trim() ? visible : (text) => text;
  const [start, end] = sharedEnds(line, other);
  const middle = line.slice(start, line.length - end);
  return element(
    "td",
    { class: "differs" },
    shown(line.slice(0, start)),
    middle && element(tag, { text: shown(middle) }),
    shown(line.slice(line.length - end)),
  );
}

function sideBySide(expected, actual, label) {
  const split = (text) => text.replace(/\n$/, "").split("\n");
  const rows = alignLines(split(expected), split(actual)).map(([left, right]) => {
    if (left === right) return element("tr", {}, element("td", { text: left }), element("td", { text: right }));
    return element("tr", {}, differingCell(left, right, "del"), differingCell(right, left, "ins"));
  });
  const head = element("tr", {}, ...["Expected", "Actual"].map((text) => element("th", { scope: "col", text })));
  const body = expected || actual ? rows : [];
  const table = element("table", { class: "sides" }, element("thead", {}, head), element("tbody", {}, body));
  return element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label }, table);
}
