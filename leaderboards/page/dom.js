// Makes elements. Every text of a sample, a problem or a name goes through here, and is only ever set as text.
"use strict";

const at = (id) => document.getElementById(id);

// Makes an element. Attributes of the name "text" and "onclick" are properties; children are elements or texts.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") made.textContent = value;
    else if (name === "onclick") made.onclick = value;
    else if (value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return made;
}

function button(text, onclick, attributes = {}) {
  return element("button", { type: "button", text, onclick, ...attributes });
}

// Makes one of several buttons of which one is chosen; the mark is by which it is found again, see keepingFocus.
function choice(text, chosen, onclick, mark) {
  return button(text, onclick, { class: "choice", "aria-pressed": String(chosen), "data-filter": mark });
}

function group(name, ...choices) {
  return element(
    "div",
    { class: "group", role: "group", "aria-label": name },
    element("span", { text: name }),
    ...choices,
  );
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

// Builds a part of the page anew, and gives the focus back to what had it, known by its data-filter.
function keepingFocus(build) {
  const focused = document.activeElement?.dataset?.filter;
  build();
  if (focused) document.querySelector(`[data-filter="${focused}"]`)?.focus({ preventScroll: true });
}
