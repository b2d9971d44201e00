// Starts the page, and shows what its address names.
"use strict";

const SECTIONS = ["overview", "problems", "problem"];
let shownView = "";

function showSection(view) {
  for (const name of SECTIONS) {
    if (at(name)) at(name).hidden = name !== view;
  }
  for (const [id, of] of [
    ["to-overview", ["overview"]],
    ["to-problems", ["problems", "problem"]],
  ]) {
    if (of.includes(view)) at(id)?.setAttribute("aria-current", "page");
    else at(id)?.removeAttribute("aria-current");
  }
}

// A new view begins at its heading, for the eye and for a screen reader; the first one at its top.
function beginAtHeading(view) {
  const first = shownView === "";
  const key = `${view} ${route.task}`;
  if (key === shownView) return;
  shownView = key;
  if (first) return;
  scrollTo(0, 0);
  at(view).querySelector("h1")?.focus({ preventScroll: true });
}

async function follow() {
  readRoute();
  const asked = location.hash;
  const view = SECTIONS.includes(route.view) && at(route.view) ? route.view : "overview";
  let fault = "";
  try {
    if (view !== "overview" && !sets.length) await loadSets();
    if (view === "problems") showProblems();
    if (view === "problem") await showProblem(asked);
  } catch (error) {
    fault = `This can't be shown: ${error.message}.`;
  }
  if (asked !== location.hash) return; // another view was asked for meanwhile
  if (at("status")) at("status").textContent = fault;
  showSection(fault ? "" : view);
  if (!fault) beginAtHeading(view);
  document.title = view === "problem" && !fault ? `${route.task} - proctor` : "proctor";
  document.body.dataset.shown = location.hash;
}

// Everything can be read on paper: all rows, and what is folded is opened for as long as it takes.
function openForPrint() {
  while (shownView.startsWith("problems") && !at("more").hidden) showMore();
  const folded = [...document.querySelectorAll("main details:not([open])")];
  for (const one of folded) one.open = true;
  addEventListener(
    "afterprint",
    () => {
      for (const one of folded) one.open = false;
    },
    { once: true },
  );
}

prepareTables();
at("show-keys").onclick = () => at("keys").showModal();
document.querySelector(".skip").onclick = (event) => {
  event.preventDefault();
  at("content").focus();
};
if (at("problems")) {
  at("more").onclick = showMore;
  at("matrix-place").onscroll = showMoreAhead;
  at("search").oninput = () => {
    replace({ q: at("search").value });
    showProblems({ keepFilters: true });
  };
}
addEventListener("keydown", answerKey);
addEventListener("hashchange", follow);
addEventListener("beforeprint", openForPrint);
follow();
