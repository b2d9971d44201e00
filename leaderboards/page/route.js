// Keeps what is shown in the page's address, so that Back goes back, and a link shows the same again.
"use strict";

const FIELDS = ["view", "set", "task", "a", "b", "sa", "sb", "change", "verdict", "difficulty", "kind", "q", "sort"];
let route = {};

function readRoute() {
  const named = new URLSearchParams(location.hash.slice(1));
  route = Object.fromEntries(FIELDS.map((field) => [field, named.get(field) ?? ""]));
}

// Returns the address of what is shown, with some changes.
function address(changes) {
  const fields = Object.entries({ ...route, ...changes }).filter(([, value]) => value !== "");
  return `#${new URLSearchParams(fields)}`;
}

function go(changes) {
  location.hash = address(changes);
}

// Changes the address without a step to go back to, as for each letter of a search.
function replace(changes) {
  history.replaceState(null, "", address(changes));
  document.body.dataset.shown = location.hash;
  readRoute();
}
