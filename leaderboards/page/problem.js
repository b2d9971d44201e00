// Shows one problem: statement, tests, and one or two methods side by side, each with its samples.
"use strict";

async function showProblem(asked) {
  const set = setOf(route);
  const place = set.places.get(route.task);
  if (place === undefined) throw new Error(`there is no problem ${route.task} in these results`);
  const runs = pairOf(set, route).filter(Boolean);
  const { problem, samples } = await loadProblem(set, place, runs);
  if (asked !== location.hash) return; // it is no longer wanted
  const line = set.problems[place];
  const about = [line[DIFFICULTY], line[KIND], problem.test_count && plural(problem.test_count, "test")].filter(
    Boolean,
  );
  const sides = runs.map((run, side) => sideView(set, place, run, side, samples[side], problem));
  keepingFocus(() =>
    at("problem").replaceChildren(
      stepsView(set),
      element("h1", { tabindex: "-1", text: line[TASK] }),
      element("p", { class: "about", text: about.join(" · ") }),
      runs.length > 1 ? element("p", { class: "about", text: outcomeText(set, place, runs) }) : "",
      statementView(problem),
      element("div", { class: `sides-${runs.length}` }, sides),
    ),
  );
}

// Links back to the list, and to the problems before and after in it.
function stepsView(set) {
  if (!listed.length) listed = filtered(set);
  const here = listed.findIndex((place) => set.problems[place][TASK] === route.task);
  const step = (text, place, key) => {
    if (place === undefined) return element("span", { class: "off", text });
    return element("a", { href: stepAddress(set, place), text, "data-step": key });
  };
  const where = here < 0 ? "" : `${here + 1} of ${listed.length}`;
  return element(
    "nav",
    { class: "steps", "aria-label": "Steps" },
    element("a", {
      href: address({ view: "problems", task: "", sa: "", sb: "" }),
      text: "← Problems",
      "data-step": "up",
    }),
    step("Previous", listed[here - 1], "before"),
    where,
    step("Next", listed[here < 0 ? 0 : here + 1], "next"),
  );
}

function stepAddress(set, place) {
  return address({ view: "problem", task: set.problems[place][TASK], sa: "", sb: "" });
}

function outcomeText(set, place, [a, b]) {
  const [before, now] = [a.counts[place], b.counts[place]];
  if (!before.n || !now.n) return "";
  const words = Object.entries(CHANGES)
    .filter(([, [, , holds]]) => holds(before, now))
    .map(([, [name]]) => name);
  const counts = [a, b].map((run) => `${runName(set, run)} ${run.counts[place].c}/${run.counts[place].n}`);
  return `${counts.join(", ")}: ${words.join(", ") || "alike"}`;
}

function statementView(problem) {
  if (problem.missing) {
    return element("p", { class: "note", text: `Statement and tests can't be shown: ${problem.missing}.` });
  }
  const parts = [element("pre", { class: "statement", text: problem.statement || "(no statement)" })];
  if (problem.starter_code)
    parts.push(element("p", { class: "label", text: "Starter code" }), programView(problem.starter_code));
  const tests = problem.tests.map((test) => {
    const expected = test.expected
      ? [element("p", { class: "label", text: "expected" }), plainText(test.expected)]
      : [];
    return element(
      "div",
      { class: "test" },
      element("p", { class: "label", text: `Test ${test.number}` }),
      plainText(test.input),
      expected,
    );
  });
  const shown = problem.tests.length < problem.test_count ? `${problem.tests.length} of ` : "";
  const title = element("summary", { text: `Tests (${shown}${problem.test_count})` });
  return element(
    "div",
    { class: "task" },
    element("details", { open: true }, element("summary", { text: "Statement" }), parts),
    element("details", {}, title, element("div", { class: "tests" }, tests)),
  );
}

function sideView(set, place, run, side, samples, problem) {
  const letter = "AB"[side];
  const counts = run.counts[place];
  const title = element("h2", {}, set.runs.length > 1 ? `${letter}: ` : "", runName(set, run));
  const choices = set.runs.length > 2 ? runChoices(set, run, side) : undefined;
  const score = element("p", { class: "about", text: `${counts.c} of ${plural(counts.n, "sample")} accepted` });
  const view = element(
    "section",
    { class: "side", "aria-label": `${letter}: ${runName(set, run)}` },
    title,
    choices,
    score,
  );
  if (!samples.length) view.append(element("p", { class: "note", text: "This result comes without samples." }));
  else view.append(...chosenSample(samples, side, problem));
  return view;
}

// Buttons that put another method on this side.
function runChoices(set, run, side) {
  const field = "ab"[side];
  return group(
    "Method",
    set.runs.map((one) =>
      choice(
        runName(set, one),
        one === run,
        () => {
          go({ [field]: one.name, [`s${field}`]: "" });
        },
        `${field}-${one.name}`,
      ),
    ),
  );
}

// By default the first sample that was not accepted is shown, as it is the one to learn from.
function chosenSample(samples, side, problem) {
  const field = `s${"ab"[side]}`;
  const failed = samples.find((sample) => sample.verdict !== "accepted");
  const chosen = samples.find((sample) => String(sample.index) === route[field]) ?? failed ?? samples[0];
  const choices = samples.map((sample) => {
    const sign = sample.verdict === "accepted" ? "✓" : "✗";
    const mark = `${field}-${sample.index}`;
    const made = choice(
      `${sample.index} ${sign}`,
      sample === chosen,
      () => go({ [field]: String(sample.index) }),
      mark,
    );
    made.title = verdictWords(sample.verdict);
    return made;
  });
  return [group("Sample", choices), sampleView(chosen, problem, "AB"[side])];
}
