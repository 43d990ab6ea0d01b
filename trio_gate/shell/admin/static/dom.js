// Elements and text. Rule: everything from outside becomes a text node; nothing here parses markup.

const TOAST_FOR = 5000;
const MOST_TOASTS = 3;
const ESCAPE = /\\u\{[0-9a-f]+\}/g;

/** An element. `props` are attributes, except `on` (listeners), `text` and `value`; children are nodes, strings, lists or null. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, run] of Object.entries(value)) made.addEventListener(event, run);
    else if (name === "text") made.textContent = value;
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function button(text, run, props = {}) {
  return el("button", { type: "button", on: { click: run }, ...props }, text);
}

/** Text that an agent wrote, distinguished from the page's own; the gateway's escapes of invisible characters are marked. */
export function said(text, look = "") {
  return el("bdi", { class: `said ${look}`.trim(), dir: "ltr" }, ...pieces(String(text)));
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Text as nodes, with its escapes marked. */
export function pieces(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(ESCAPE)) {
    if (found.index > at) nodes.push(document.createTextNode(text.slice(at, found.index)));
    nodes.push(el("mark", { class: "escape", title: "a character by its number: it is invisible or passes for another" }, found[0]));
    at = found.index + found[0].length;
  }
  if (at < text.length || !nodes.length) nodes.push(document.createTextNode(text.slice(at)));
  return nodes;
}

/** A line as nodes, with the colors that the gateway gives: lengths of runs, each followed by its color. */
export function tinted(line, runs) {
  const tabs = (text) => pieces(text.replaceAll("\\u{9}", "\t"));
  if (!runs?.length) return tabs(line);
  const nodes = [];
  let at = 0;
  for (let index = 0; index < runs.length; index += 2) {
    const text = tabs(line.slice(at, at + runs[index]));
    const color = runs[index + 1];
    const look = color.endsWith("!");
    const letter = color.slice(0, 1).replace("!", "");
    nodes.push(color ? el(look ? "mark" : "span", { class: letter ? `tint-${letter}` : null }, text) : text);
    at += runs[index];
  }
  return [...nodes, tabs(line.slice(at))].flat();
}

/** What a call does: a sentence of the gateway's, in which names of the agent's making are marked by the gateway. */
export function does(prompt, look = "") {
  return el("bdi", { class: `does ${look}`.trim(), dir: "ltr" }, ...pieces(prompt.sentence ?? capital(prompt.words)));
}

const LEVELS = ["danger", "caution", "fact"];

/** The rank of a call that is a mere fact. */
export const FACT = LEVELS.indexOf("fact");

/** Where a level stands in a list, the most serious first; a call without one, from an older gateway, as a caution. */
export const rank = (thing) => LEVELS.indexOf(thing.level ?? "caution");

/** The level of a call in a word; none for a mere fact. */
export function levelOf(thing) {
  return rank(thing) === FACT || !thing.level ? null : el("span", { class: `level ${thing.level}` }, thing.level);
}

/** The color of a call's account; null without one. */
export function swatch({ account_color: color }) {
  return color ? el("span", { class: `swatch ${color}`, "aria-hidden": "true" }) : null;
}

export const $ = (id) => document.getElementById(id);

/** Announce something to screen readers. */
export function announce(text, urgent = false) {
  const place = $(urgent ? "urgent" : "polite");
  place.textContent = "";
  setTimeout(() => {
    place.textContent = text;
  }, 50);
}

/** A message that disappears by itself. `kind`: good, bad or plain. */
export function toast(text, kind = "plain") {
  const note = el("div", { class: `toast ${kind}` }, text);
  const place = $("toasts");
  place.append(note);
  while (place.children.length > MOST_TOASTS) place.firstChild.remove();
  announce(text);
  setTimeout(() => note.remove(), TOAST_FOR);
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** Seconds in readable form: "4:05", "2 h 10 min". */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** How long ago, roughly. */
export function ago(seconds) {
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

export function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** A date and time, the date left out where it is today's. */
export function moment(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return today ? clock(time) : `${at.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })} ${clock(time)}`;
}

export function bytes(count) {
  if (count < 1024) return plural(count, "byte");
  const units = ["KiB", "MiB", "GiB"];
  let value = count;
  let unit = -1;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
