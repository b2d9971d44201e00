// Loads the files of data and counts verdicts. Each file is a script that hands over one value, because a page opened
// from a folder may not read files.
"use strict";

const VERDICTS = {
  a: "accepted",
  w: "wrong_answer",
  r: "runtime_error",
  o: "output_limit",
  m: "memory_limit",
  t: "time_limit",
  c: "compile_error",
  s: "sandbox_error",
  "?": "not accepted",
};
const SANDBOX_ERROR = "s"; // says nothing about a model, and is not counted
const [TASK, DIFFICULTY, KIND, GIST, CHUNK] = [0, 1, 2, 3, 4]; // of a problem's line

const waiting = new Map();
const loaded = new Map();
let sets = [];

globalThis.proctorReceive = (name, value) => waiting.get(name)?.(value);

function load(name) {
  if (!loaded.has(name)) {
    loaded.set(
      name,
      new Promise((resolve, reject) => {
        waiting.set(name, resolve);
        const script = element("script", { src: `data/${name}.js` });
        script.onerror = () => reject(new Error(`data/${name}.js is missing or damaged`));
        script.onload = () => script.remove();
        document.head.append(script);
      }),
    );
  }
  return loaded.get(name);
}

async function loadSets() {
  sets = await load("overview");
  for (const set of sets) {
    set.places = new Map(set.problems.map((line, place) => [line[TASK], place]));
    for (const run of set.runs) run.counts = run.verdicts.map(countVerdicts);
  }
}

// Returns how many samples were judged, and how many of them were accepted.
function countVerdicts(letters) {
  let [n, c] = [0, 0];
  for (const letter of letters) {
    n += letter !== SANDBOX_ERROR;
    c += letter === "a";
  }
  return { n, c };
}

// A run's title without the benchmark, which all runs of a set share.
const runName = (set, run) => run.title.replace(` on ${set.title}`, "");

const share = ({ n, c }) => (n ? c / n : -1);

function setOf(route) {
  return sets.find((set) => set.name === route.set) ?? sets[0];
}

// Returns the two runs that are compared: A, by default the base, and B, by default the first other one, if there is.
function pairOf(set, route) {
  const named = (name) => set.runs.find((run) => run.name === name);
  const b = named(route.b);
  const a = named(route.a) ?? named(set.base);
  return [a, b ?? set.runs.find((run) => run !== a)];
}

// Loads the statement and tests of a problem, and its samples of some runs.
async function loadProblem(set, place, runs) {
  const task = set.problems[place][TASK];
  const found = (rows) => rows.find((row) => row.task_id === task);
  const files = [
    load(`${set.name}-${set.problems[place][CHUNK]}`),
    ...runs.map((run) => (run.chunks[place] < 0 ? [] : load(`${run.name}-${run.chunks[place]}`))),
  ];
  const [problems, ...samples] = await Promise.all(files);
  return { problem: found(problems), samples: samples.map((rows) => found(rows)?.samples ?? []) };
}
