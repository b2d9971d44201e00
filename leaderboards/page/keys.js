// Answers the keyboard. Keys of one letter can be switched off, as they may be in the way of other tools.
"use strict";

const LETTERS = {
  "?": () => at("keys").showModal(),
  "/": () => {
    go({ view: "problems", task: "" });
    focusLater("search");
  },
  u: () => followStep("up"),
  j: () => followStep("next"),
  k: () => followStep("before"),
  n: () => stepSample(1),
  p: () => stepSample(-1),
};
const VIEWS = { o: "overview", p: "problems" };
let afterG = false;

function followStep(step) {
  document.querySelector(`#problem:not([hidden]) [data-step="${step}"]`)?.click();
}

function focusLater(id) {
  setTimeout(() => at(id)?.focus());
}

// Chooses the next sample on the last side, which is the method that is looked into.
function stepSample(step) {
  const groups = document.querySelectorAll('#problem:not([hidden]) [aria-label="Sample"]');
  const choices = [...(groups[groups.length - 1]?.querySelectorAll("button") ?? [])];
  const now = choices.findIndex((one) => one.getAttribute("aria-pressed") === "true");
  choices[now + step]?.click();
}

function answerKey(event) {
  walk(event);
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input, select, textarea") || at("keys").open || !at("keys-on").checked) return;
  if (afterG && VIEWS[event.key]) go({ view: VIEWS[event.key], task: "" });
  else if (LETTERS[event.key] && at("problems")) LETTERS[event.key]();
  else if (event.key !== "g") return;
  afterG = event.key === "g";
  event.preventDefault();
}
