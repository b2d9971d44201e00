// Filters the problems of a set, and shows the controls for it: each button says how many problems it would leave.
"use strict";

const CHANGES = {
  fixed: ["fixed", "A solved it with no sample, B with some", (a, b) => !a.c && b.c > 0],
  broken: ["broken", "A solved it with some sample, B with none", (a, b) => a.c > 0 && !b.c],
  "both-wrong": ["both wrong", "no sample of A or B was accepted", (a, b) => !a.c && !b.c],
  "both-solved": ["both solved it", "some sample of A and of B was accepted", (a, b) => a.c > 0 && b.c > 0],
  better: ["better", "a larger share of B's samples was accepted", (a, b) => share(b) > share(a)],
  worse: ["worse", "a smaller share of B's samples was accepted", (a, b) => share(b) < share(a)],
};

// Name of a field of the address -> whether a problem passes its value.
const FILTERS = {
  difficulty: (set, place, value) => set.problems[place][DIFFICULTY] === value,
  kind: (set, place, value) => set.problems[place][KIND] === value,
  verdict: (set, place, value) => set.runs.some((run) => run.verdicts[place].includes(value)),
  change: (set, place, value) => {
    const [a, b] = pairOf(set, route).map((run) => run?.counts[place]);
    return Boolean(a?.n && b?.n && CHANGES[value]?.[2](a, b));
  },
  q: (set, place, value) => {
    const line = set.problems[place];
    return `${line[TASK]} ${line[GIST]}`.toLowerCase().includes(value.toLowerCase());
  },
};

// Returns the places of the problems that pass all filters, or all but one.
function filtered(set, without = "") {
  const used = Object.entries(FILTERS).filter(([field]) => route[field] && field !== without);
  const places = set.problems.map((_, place) => place);
  return sorted(
    set,
    places.filter((place) => used.every(([field, passes]) => passes(set, place, route[field]))),
  );
}

// Sorts by the column that the address names, from the largest down or, behind a "-", from the least up.
function sorted(set, places) {
  const column = route.sort.replace(/^-/, "");
  const run = set.runs.find((one) => one.name === column);
  if (!run && column !== "task") return places;
  const key = run ? (place) => -share(run.counts[place]) : (place) => set.problems[place][TASK];
  const sign = route.sort.startsWith("-") ? -1 : 1;
  return places.sort((x, y) => sign * compareKeys(key(x), key(y)));
}

function showFilters(set) {
  keepingFocus(() =>
    at("filters").replaceChildren(
      ...[
        setGroup(set),
        pairGroup(set),
        changeGroup(set),
        verdictGroup(set),
        lineGroup(set, "difficulty", DIFFICULTY),
        lineGroup(set, "kind", KIND),
        button("Clear filters", () => go({ change: "", verdict: "", difficulty: "", kind: "", q: "" }), {
          id: "clear",
        }),
      ].filter(Boolean),
    ),
  );
}

function setGroup(set) {
  if (sets.length < 2) return undefined;
  return group(
    "Benchmark",
    sets.map((one) => {
      return choice(one.title, one === set, () => go({ ...NO_PLACE, set: one.name }), `set-${one.name}`);
    }),
  );
}

const NO_PLACE = {
  a: "",
  b: "",
  task: "",
  sa: "",
  sb: "",
  change: "",
  verdict: "",
  difficulty: "",
  kind: "",
  sort: "",
};

function pairGroup(set) {
  if (set.runs.length < 2) return undefined;
  const [a, b] = pairOf(set, route);
  const chooser = (name, field, chosen) => {
    const options = set.runs.map((run) =>
      element("option", { value: run.name, text: runName(set, run), selected: run === chosen }),
    );
    const select = element("select", { "data-filter": field }, options);
    select.onchange = () => go({ [field]: select.value });
    return element("label", { text: `${name} ` }, select);
  };
  return group("Compare", chooser("A", "a", a), chooser("B", "b", b));
}

function changeGroup(set) {
  if (set.runs.length < 2) return undefined;
  const options = Object.entries(CHANGES).map(([value, [name, title]]) => [value, name, title]);
  return filterGroup(set, "From A to B", "change", options);
}

function verdictGroup(set) {
  set.letters ??= new Set(set.runs.flatMap((run) => [...new Set(run.verdicts.join(""))]));
  const options = Object.entries(VERDICTS).filter(([letter]) => set.letters.has(letter));
  return filterGroup(set, "Verdict of a sample", "verdict", options);
}

function lineGroup(set, field, column) {
  const values = [...new Set(set.problems.map((line) => line[column]))].filter(Boolean);
  return values.length < 2
    ? undefined
    : filterGroup(
        set,
        field,
        field,
        values.map((value) => [value, value]),
      );
}

// Makes a group of buttons, one for each value of a field; the chosen one takes its filter off again.
function filterGroup(set, name, field, options) {
  const places = filtered(set, field);
  const choices = options.map(([value, text, title], number) => {
    const count = places.filter((place) => FILTERS[field](set, place, value)).length;
    const made = choice(
      `${text.replaceAll("_", " ")} `,
      route[field] === value,
      () => {
        go({ [field]: route[field] === value ? "" : value });
      },
      `${field}-${number}`,
    );
    if (title) made.title = title;
    made.append(element("small", { text: count }));
    return made;
  });
  return group(name, choices);
}
