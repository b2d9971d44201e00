// Shows one sample: its verdict and why, the input that failed, expected against actual, program, what was left out.
"use strict";

const verdictWords = (verdict) => verdict.replaceAll("_", " ");

function verdictBadge(verdict) {
  const sign = verdict === "accepted" ? "✓" : "✗";
  return element("span", {
    class: `badge ${verdict === "accepted" ? "good" : "bad"}`,
    text: `${sign} ${verdictWords(verdict)}`,
  });
}

function block(title, ...content) {
  return element("section", { class: "block" }, element("h3", { text: title }), ...content);
}

function plainText(text) {
  return element("pre", { class: "plain", tabindex: "0", text });
}

function sampleView(sample, problem, side) {
  const parts = [element("p", { class: "verdict" }, verdictBadge(sample.verdict), ` ${sample.detail}`)];
  const test = problem.tests.find((one) => one.number === sample.failed);
  if (test) parts.push(block(`Failing input: test ${test.number} of ${problem.test_count}`, plainText(test.input)));
  if (sample.expected !== sample.actual) {
    parts.push(
      block("Expected against actual", sideBySide(sample.expected, sample.actual, `Expected against actual, ${side}`)),
    );
  } else if (test?.expected && sample.failed) {
    parts.push(block("Expected", plainText(test.expected)));
  }
  const title = sample.whole ? "Program" : "Completion";
  const notes = [extractionNote(sample)].filter(Boolean).map((text) => element("p", { class: "note", text }));
  parts.push(block(title, ...notes, programView(sample.text)));
  if (sample.left_out.length) {
    parts.push(block("Left out by extraction", ...sample.left_out.map((text) => plainText(text))));
  }
  return element("div", { class: "sample" }, parts);
}

function extractionNote(sample) {
  if (!sample.whole) return "The program that ran was taken from this completion, and can't be found again here.";
  const cut = sample.complete ? "" : "; the last statement was left out, as the model was stopped in it";
  return sample.extraction === "whole" && !cut ? "" : `Extraction: ${sample.extraction}${cut}.`;
}
