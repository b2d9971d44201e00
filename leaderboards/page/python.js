// Colours the source of a Python program: a small tokenizer that reads each character once, and spans for its tokens.
"use strict";

const KEYWORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global " +
    "if import in is lambda nonlocal not or pass raise return try while with yield match case"
  ).split(" "),
);
const BUILTINS = new Set(
  (
    "abs all any bin bool chr dict divmod enumerate filter float frozenset input int isinstance iter len list map " +
    "max min next object open ord pow print range repr reversed round set sorted str sum tuple type zip self"
  ).split(" "),
);
const MOST_COLOURED = 100_000; // characters; a longer program is shown without colours

// Some alternative matches at every place, and no alternative goes back on what it read: a text that never ends goes on
// to the end of the source. So the time is in proportion to the length.
const TOKEN = new RegExp(
  [
    "(?<comment>#[^\\n]*)",
    "(?<text>[rRbBuUfFtT]{0,2}(?:\"\"\"(?:\\\\[^]?|[^\\\\])*?(?:\"\"\"|$)|'''(?:\\\\[^]?|[^\\\\])*?(?:'''|$)" +
      "|\"(?:\\\\[^]|[^\"\\\\\\n])*\"?|'(?:\\\\[^]|[^'\\\\\\n])*'?))",
    "(?<number>\\d[\\w.]*)",
    "(?<decorator>@[\\p{L}_][\\p{L}\\p{N}_.]*)",
    "(?<word>[\\p{L}_][\\p{L}\\p{N}_]*)",
    "(?<space>\\s+)",
    "(?<other>[^])",
  ].join("|"),
  "gyu",
);

// Returns [kind, text] pairs, whose texts put together are the source.
function pythonTokens(source) {
  const found = [];
  let defines = false;
  for (const { groups } of source.matchAll(TOKEN)) {
    const [kind, text] = Object.entries(groups).find(([, value]) => value !== undefined);
    if (kind === "word") {
      found.push([wordKind(text, defines), text]);
      defines = text === "def" || text === "class";
    } else {
      found.push([kind, text]);
      defines &&= kind === "space";
    }
  }
  return found;
}

function wordKind(word, defined) {
  if (KEYWORDS.has(word)) return "keyword";
  if (defined) return "defined";
  return BUILTINS.has(word) ? "builtin" : "";
}

// Returns the lines of a program, each an element with coloured parts; a text of several lines is cut at their ends.
function programLines(source) {
  const tokens = source.length > MOST_COLOURED ? [["", source]] : pythonTokens(source);
  const lines = [element("span", { class: "line" })];
  for (const [kind, text] of tokens) {
    text.split("\n").forEach((part, place) => {
      if (place > 0) lines.push(element("span", { class: "line" }));
      if (part) lines.at(-1).append(COLOURED.has(kind) ? element("span", { class: kind, text: part }) : part);
    });
  }
  return lines;
}

const COLOURED = new Set(["comment", "text", "number", "decorator", "keyword", "defined", "builtin"]);

// A pattern for this would take time that grows with the square of the empty lines before other ones.
function withoutEmptyEnd(text) {
  let end = text.length;
  while (text[end - 1] === "\n") end -= 1;
  return text.slice(0, end);
}

function programView(source) {
  const lines = programLines(withoutEmptyEnd(source));
  const code = element(
    "code",
    {},
    lines.flatMap((line, place) => (place ? ["\n", line] : [line])),
  );
  return element("pre", { class: "program", tabindex: "0" }, code);
}
