// Sorts tables, and shows problems and their samples. Data comes as scripts from data/, each of which hands over one
// value, because a page opened from a folder may not read files. What comes from there is only ever set as text.
"use strict";

const ROWS_AT_ONCE = 200;
const waiting = new Map();
const loaded = new Map();

globalThis.proctorReceive = (name, value) => waiting.get(name)?.(value);

function load(name) {
  if (!loaded.has(name)) {
    loaded.set(name, new Promise((resolve, reject) => {
      waiting.set(name, resolve);
      const script = document.createElement("script");
      script.src = `data/${name}.js`;
      script.onerror = () => reject(new Error(`data/${name}.js is missing or damaged`));
      script.onload = () => script.remove();
      document.head.append(script);
    }));
  }
  return loaded.get(name);
}

function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Sorting

function keyOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
}

function compareKeys(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? 1 : -1; // empty cells are the least
  return a.localeCompare(b, "en", { numeric: true });
}

function nextOrder(head) {
  const order = head.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  return order === "descending" ? -1 : 1;
}

function sortBy(head) {
  const sign = nextOrder(head);
  if (head.closest("table").id === "problems") {
    shown.lines.sort((a, b) => sign * compareKeys(a[SORT_KEYS[head.cellIndex]], b[SORT_KEYS[head.cellIndex]]));
    listProblems();
    return;
  }
  const body = head.closest("table").tBodies[0];
  body.append(...[...body.rows].sort((a, b) => sign * compareKeys(keyOf(a, head.cellIndex), keyOf(b, head.cellIndex))));
}

// Problems: a line is [task id, difficulty, samples, accepted, number of the file with its samples]

const [TASK, DIFFICULTY, SAMPLES, ACCEPTED, CHUNK] = [0, 1, 2, 3, 4];
const SORT_KEYS = [TASK, DIFFICULTY, ACCEPTED, SAMPLES];
const shown = { run: "", lines: [], limit: ROWS_AT_ONCE };
const at = (id) => document.getElementById(id);

function listProblems() {
  const wanted = at("filter").value.toLowerCase();
  const found = shown.lines.filter((line) => line[TASK].toLowerCase().includes(wanted));
  at("problems").tBodies[0].replaceChildren(...found.slice(0, shown.limit).map(problemRow));
  at("more").hidden = found.length <= shown.limit;
  at("status").textContent = `${found.length} of ${shown.lines.length} problems`;
}

function problemRow(line) {
  const row = element("tr");
  const name = element("td");
  const open = element("button", line[TASK]);
  open.onclick = () => { location.hash = new URLSearchParams({ run: shown.run, task: line[TASK] }).toString(); };
  name.append(open);
  row.append(name, ...[DIFFICULTY, ACCEPTED, SAMPLES].map((key) => element("td", line[key])));
  return row;
}

async function showRun(run) {
  shown.lines = (await load(`${run}-problems`)).slice();
  shown.run = run;
  shown.limit = ROWS_AT_ONCE;
  at("run").value = run;
  listProblems();
}

// One problem

async function showProblem(task) {
  const line = shown.lines.find((one) => one[TASK] === task);
  if (!line) throw new Error(`there is no problem ${task} in this run`);
  const problems = await load(`${shown.run}-${line[CHUNK]}`);
  const { samples } = problems.find((one) => one.task_id === task);
  const title = element("h3", `${task}: ${line[ACCEPTED]} of ${line[SAMPLES]} accepted`);
  at("problem").replaceChildren(title, ...samples.map((sample) => sampleView(sample, samples.length === 1)));
  at("problem").scrollIntoView();
}

function sampleView(sample, open) {
  const view = element("details");
  view.open = open;
  const detail = sample.detail ? `: ${sample.detail}` : "";
  view.append(element("summary", `sample ${sample.index}, ${sample.verdict}${detail}`));
  if (!sample.whole) view.append(element("p", "The completion; the program was taken from it.", "note"));
  view.append(element("pre", sample.text));
  if (sample.difference) view.append(differenceView(sample.difference));
  return view;
}

function differenceView(difference) {
  const view = element("pre");
  const looks = { "-": "removed", "+": "added" };
  view.append(...difference.split("\n").map((line) => element("span", `${line}\n`, looks[line[0]] ?? "")));
  return view;
}

// Shows the run and the problem that the address names

async function follow() {
  const named = new URLSearchParams(location.hash.slice(1));
  const run = named.get("run") ?? at("run").value;
  try {
    if (![...at("run").options].some((option) => option.value === run)) throw new Error(`there is no run ${run}`);
    if (run !== shown.run) await showRun(run);
    if (named.has("task")) await showProblem(named.get("task"));
    else at("problem").replaceChildren();
  } catch (error) {
    at("status").textContent = error.message;
  }
}

for (const head of document.querySelectorAll(".sortable thead th")) {
  head.firstElementChild.onclick = () => sortBy(head);
}
if (at("run")) {
  at("run").onchange = () => { location.hash = new URLSearchParams({ run: at("run").value }).toString(); };
  at("filter").oninput = () => { shown.limit = ROWS_AT_ONCE; listProblems(); };
  at("more").onclick = () => { shown.limit += ROWS_AT_ONCE; listProblems(); };
  addEventListener("hashchange", follow);
  follow();
}
