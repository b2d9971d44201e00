// Sorts the tables of the overview by a column.
"use strict";

function keyOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
}

function compareKeys(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? 1 : -1; // empty cells are the least
  return a.localeCompare(b, "en", { numeric: true });
}

function sortTable(head) {
  const descending = head.getAttribute("aria-sort") !== "descending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = head.closest("table").tBodies[0];
  const sign = descending ? -1 : 1;
  body.append(...[...body.rows].sort((a, b) => sign * compareKeys(keyOf(a, head.cellIndex), keyOf(b, head.cellIndex))));
}

function prepareTables() {
  for (const head of document.querySelectorAll(".sortable thead th")) {
    head.firstElementChild.onclick = () => sortTable(head);
  }
}
