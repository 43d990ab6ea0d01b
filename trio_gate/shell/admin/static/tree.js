// Parameters as a readable tree. A hidden or truncated value says why, with its length and SHA-256, and opens in full.

import { bytes, button, el, plural, said } from "./dom.js";

const LONG = 600;

/** `open(part, name, why)` shows a part in full. Without it the tree is from the record: nothing opens, and no mark is the gateway's. */
export function tree(params, open = null) {
  const names = Object.keys(params);
  if (!names.length) return el("p", { class: "muted" }, "None.");
  return el("ul", { class: "tree" }, members(params, "", open));
}

function members(value, at, open) {
  return Object.entries(value).map(([name, item]) => {
    if (open && name === "$more") return el("li", {}, more(item, at, open));
    const path = at ? `${at}.${name}` : name;
    return row(said(name, "name"), item, path, open);
  });
}

function items(list, at, open) {
  return list.map((item, index) => {
    const label = el("span", { class: "index" }, `${index + 1}`);
    const only = lonely(item);
    if (only === null) return row(label, item, `${at}[${index}]`, open);
    const inner = row(said(only, "name"), item[only], `${at}[${index}].${only}`, open);
    inner.prepend(label, " ");
    return inner;
  });
}

/** The name of a list item's only plain member, which then goes on the item's line; else null. */
function lonely(item) {
  if (item === null || typeof item !== "object" || Array.isArray(item)) return null;
  const names = Object.keys(item);
  const plain =
    names.length === 1 && !names[0].startsWith("$") && (item[names[0]] === null || typeof item[names[0]] !== "object");
  return plain ? names[0] : null;
}

function row(label, value, at, open) {
  const mark = open && isMark(value);
  if (mark) return el("li", {}, label, " ", marks[mark](value[mark], at, open));
  if (Array.isArray(value)) {
    return value.length ? branch(label, plural(value.length, "item"), items(value, at, open)) : leaf(label, "an empty list");
  }
  if (value !== null && typeof value === "object") {
    const names = Object.keys(value);
    return names.length ? branch(label, "", members(value, at, open)) : leaf(label, "empty");
  }
  if (typeof value === "string") {
    return el("li", {}, label, " ", value === "" ? el("span", { class: "none" }, "empty text") : text(value));
  }
  return el("li", {}, label, " ", el("code", { class: "literal" }, value === null ? "null" : String(value)));
}

/** A text; a long one scrolls in its own box, and JSON can be formatted. */
function text(value) {
  const shown = said(value, "value");
  const whole =
    value.length > LONG ? el("div", { class: "long", tabindex: "0", role: "group", "aria-label": "Long text" }, shown) : shown;
  if (!isJson(value)) return whole;
  const laid = el(
    "div",
    { class: "long json", tabindex: "0", role: "group", "aria-label": "JSON, laid out" },
    said(layOut(value), "value"),
  );
  const place = el("div", { class: "either" }, laid);
  const toggle = button(
    "As it was sent",
    () => {
      const raw = place.firstChild === laid;
      place.replaceChildren(raw ? whole : laid);
      toggle.textContent = raw ? "Format as JSON" : "As it was sent";
    },
    { class: "small quiet lay-out" },
  );
  return [toggle, place];
}

function isJson(value) {
  if (!/^\s*[{[]/.test(value)) return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** JSON with one member per line. Only white space changes; duplicate members stay. */
function layOut(value) {
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  return value.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g, (found) => {
    if (found[0] === '"') return found;
    if (/^\s+$/.test(found)) return "";
    if (found.length > 1) return `${found[0]}${found.at(-1)}`;
    if (found === ":") return ": ";
    if (found === ",") return `,${line()}`;
    if ("{[".includes(found)) {
      depth += 1;
      return `${found}${line()}`;
    }
    depth -= 1;
    return `${line()}${found}`;
  });
}

function leaf(label, text) {
  return el("li", {}, label, " ", el("span", { class: "none" }, text));
}

function branch(label, count, children) {
  const summary = el("summary", {}, label, count ? el("span", { class: "count" }, count) : null);
  return el("li", {}, el("details", { open: true }, summary, el("ul", {}, children)));
}

/** The name of the mark that an object is, or null. A real name never begins with `$`. */
function isMark(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  const names = Object.keys(value);
  return names.length === 1 && names[0] in marks ? names[0] : null;
}

function folded(text, sha256, openIt, label) {
  return el(
    "span",
    { class: "folded" },
    el("span", {}, text),
    el("button", { type: "button", class: "small", on: { click: openIt } }, label),
    sha256 ? el("code", { class: "hash", title: "SHA-256" }, `sha256 ${sha256}`) : null,
  );
}

function more(item, at, open) {
  const text = `${plural(item.items, "more item")} not shown here`;
  return folded(text, null, () => open(item.part, at || "parameters", "more"), "Open all parameters");
}

function toCode(event, part) {
  event.preventDefault();
  const place = document.getElementById(`code-${part}`);
  place?.scrollIntoView({ block: "start" });
  place?.focus({ preventScroll: true });
}

const marks = {
  $code: (item, at, open) =>
    item.part === "params"
      ? folded(`${item.what} · ${bytes(item.size)}`, item.sha256, () => open(item.part, at, item.what), "Open all parameters")
      : el("span", { class: "folded" }, el("a", { href: "#", on: { click: (event) => toCode(event, item.part) } }, `the ${item.what} above`)),
  $unknown: (text) => el("span", { class: "folded" }, text),
  $number: (text) => el("code", { class: "literal" }, text),
  $masked: (item, at, open) =>
    folded(`sensitive, hidden · ${plural(item.length, "character")}`, null, () => open(item.part, at, "masked"), "Show"),
  $blob: (item, at, open) => folded(`binary · ${bytes(item.bytes)}`, item.sha256, () => open(item.part, at, "blob"), "Open"),
  $cut: (item, at, open) =>
    item.text === undefined
      ? folded(`${item.why} · ${plural(item.items, "item")}`, null, () => open(item.part, at, "deep"), "Open all parameters")
      : el(
          "div",
          { class: "cut" },
          text(`${item.text}…`),
          folded(
            `truncated · ${plural(item.length, "character")} in total`,
            item.sha256,
            () => open(item.part, at, "cut"),
            "Open in full",
          ),
        ),
  $more: (item, at, open) => more(item, at, open),
};
