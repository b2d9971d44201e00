// Shows the matrix: a row a problem, a column a method; a cell's colour says which share of its samples was accepted.
"use strict";

const ROWS_AT_ONCE = 50; // the others follow as one scrolls
const ROWS_AHEAD = 800; // pixels below what is in sight
const SHADES = 10;
const SHORT = { w: "WA", r: "RE", o: "OLE", m: "MLE", t: "TLE", c: "CE" };

let rowsShown = ROWS_AT_ONCE;
let listed = []; // the places of the problems that pass the filters, in the order shown

function showProblems({ keepFilters = false } = {}) {
  const set = setOf(route);
  if (!keepFilters) rowsShown = ROWS_AT_ONCE;
  if (at("search").value !== route.q) at("search").value = route.q;
  listed = filtered(set);
  showFilters(set);
  showRows(set);
}

function showRows(set) {
  const table = at("matrix");
  table.setAttribute("role", "grid");
  table.caption.textContent =
    `${listed.length} of ${plural(set.problems.length, "problem")}. ` +
    "A cell: samples accepted of those judged, and the most frequent other verdict.";
  table.tHead.replaceChildren(headRow(set));
  table.tBodies[0].replaceChildren();
  addRows(set, 0);
  cellsOf(0)[0]?.setAttribute("tabindex", "0");
}

function addRows(set, first) {
  at("matrix").tBodies[0].append(...listed.slice(first, rowsShown).map((place) => problemRow(set, place)));
  at("more").hidden = listed.length <= rowsShown;
}

function showMore() {
  const first = rowsShown;
  rowsShown += ROWS_AT_ONCE;
  addRows(setOf(route), first);
}

function showMoreAhead() {
  const place = at("matrix-place");
  if (!at("more").hidden && place.scrollTop + place.clientHeight > place.scrollHeight - ROWS_AHEAD) showMore();
}

function headRow(set) {
  const [a, b] = pairOf(set, route);
  const heads = [["task", "problem"], ["", "difficulty"], ...set.runs.map((run) => [run.name, runName(set, run), run])];
  return element(
    "tr",
    {},
    heads.map(([column, text, run]) => {
      const order = { [column]: "descending", [`-${column}`]: "ascending" }[route.sort];
      const side = { [a?.name]: "A", [b?.name]: "B" }[run?.name];
      const head = element("th", { scope: "col", "aria-sort": column ? order : undefined });
      if (!column) head.append(text);
      else
        head.append(button(text, () => go({ sort: route.sort === column ? `-${column}` : column }), { title: text }));
      if (side && set.runs.length > 1)
        head.append(element("abbr", { class: "chosen", title: `side ${side}`, text: side }));
      return head;
    }),
  );
}

function problemRow(set, place) {
  const line = set.problems[place];
  const name = element("a", { href: address({ view: "problem", set: set.name, task: line[TASK], sa: "", sb: "" }) });
  name.tabIndex = -1;
  name.append(line[TASK]);
  const head = element(
    "th",
    { scope: "row" },
    name,
    line[GIST] && element("small", { class: "gist", text: line[GIST] }),
  );
  const cells = set.runs.map((run) => resultCell(set, run, place));
  return element("tr", {}, head, element("td", { text: line[DIFFICULTY] }), cells);
}

function resultCell(set, run, place) {
  const counts = run.counts[place];
  const [a, b] = pairOf(set, route);
  const pair = run === a ? { a: a.name, b: b?.name ?? "" } : { a: a.name, b: run.name };
  const link = element("a", {
    href: address({ view: "problem", set: set.name, task: set.problems[place][TASK], ...pair, sa: "", sb: "" }),
    text: counts.n ? `${counts.c}/${counts.n}` : "–",
    title: verdictText(run.verdicts[place]),
  });
  link.tabIndex = -1;
  const worst = mostFrequent(run.verdicts[place]);
  if (worst) link.append(" ", element("small", { text: worst }));
  return element("td", { class: counts.n ? `shade${Math.round(SHADES * share(counts))}` : "unjudged" }, link);
}

// Returns the most frequent verdict of the samples that were not accepted, in short.
function mostFrequent(letters) {
  const counts = Object.keys(SHORT).map((letter) => [letters.split(letter).length - 1, SHORT[letter]]);
  const [count, short] = counts.reduce((most, one) => (one[0] > most[0] ? one : most));
  return count ? short : "";
}

function verdictText(letters) {
  const counts = Object.entries(VERDICTS).map(([letter, verdict]) => [letters.split(letter).length - 1, verdict]);
  return counts
    .filter(([count]) => count)
    .map(([count, verdict]) => `${count} ${verdict.replaceAll("_", " ")}`)
    .join(", ");
}

// Walking through the matrix with the keys

function cellsOf(row) {
  return [...(at("matrix").tBodies[0].rows[row]?.querySelectorAll("a") ?? [])];
}

function walk(event) {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const link = event.target.closest("#matrix tbody a");
  if (!link || event.ctrlKey || event.altKey || event.metaKey) return;
  const row = link.closest("tr").sectionRowIndex;
  const column = cellsOf(row).indexOf(link);
  const ends = { Home: [row, 0], End: [row, cellsOf(row).length - 1] };
  const move = moves[event.key];
  const [toRow, toColumn] = ends[event.key] ?? (move ? [row + move[0], column + move[1]] : []);
  if (toRow === undefined) return;
  event.preventDefault();
  if (toRow >= at("matrix").tBodies[0].rows.length && !at("more").hidden) showMore();
  focusCell(cellsOf(toRow)[toColumn]);
}

function focusCell(link) {
  if (!link) return;
  for (const other of at("matrix").querySelectorAll('tbody a[tabindex="0"]')) other.tabIndex = -1;
  link.tabIndex = 0;
  link.focus();
}
