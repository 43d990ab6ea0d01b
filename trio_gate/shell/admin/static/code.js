// Code that a call carries, shown open and numbered; once all of its lines were on the screen, the gateway is told so.

import { bytes, button, el, plural, said, tinted } from "./dom.js";
import { edge, watch, WATCHED } from "./edges.js";
import { HOW, read } from "./reader.js";
import { isRead, markRead } from "./state.js";

/** A section for each piece of code that has a part of its own, in the order in which they should be read. */
export function codeSections(channel, prompt) {
  const found = new Map(marks(prompt.params).map((mark) => [mark.part, mark]));
  const own = prompt.to_read.filter(({ part }) => part !== "params" && found.has(part));
  return own.map((one) => section(channel, prompt, one, found.get(one.part)));
}

/** What is still to be read first, in words. */
export function readFirst(parts) {
  return parts.length === 1 ? `Read the ${parts[0].what} first` : `Read ${parts.length} parts first`;
}

/** Bring a part before the person: its section, or where it has none its own window. */
export function bring(channel, prompt, one) {
  const place = document.getElementById(placeOf(one));
  if (!place || !one.whole) {
    read(channel, prompt, one.part, one.name || one.what, one.what);
    return;
  }
  place.scrollIntoView({ block: "start" });
  place.focus({ preventScroll: true });
}

const placeOf = (one) => `code-${one.part}`;

function marks(node) {
  if (node === null || typeof node !== "object") return [];
  return node.$code ? [node.$code] : Object.values(node).flatMap(marks);
}

function section(channel, prompt, one, mark) {
  const edges = [];
  const lines = edged(mark, edges);
  const open = () => read(channel, prompt, one.part, one.name, one.what);
  const size = mark.how.includes("hex") ? bytes(mark.size) : plural(mark.lines.length, "line");
  const place = el(
    "section",
    { class: "part code", id: placeOf(one), tabindex: "-1", "aria-label": one.what },
    el(
      "div",
      { class: "part-head" },
      el("h2", {}, one.what, " ", said(one.name, "quiet")),
      el("span", { class: "muted small-text" }, [mark.whole ? size : `the beginning of ${bytes(mark.size)}`, ...mark.how.map((word) => HOW[word] ?? word)].join(", ")),
    ),
    el("div", { class: "text" }, lines),
    mark.whole ? null : el("p", {}, button(`Open the whole ${one.what}`, open, { class: "small" })),
  );
  if (one.whole && !isRead(prompt, one.part)) tellOnceSeen(channel, prompt, one.part, edges);
  return place;
}

/** Lines, with an edge before the first, after the last, and after every few; `edges` gets those. */
function edged({ lines, colors }, edges) {
  const next = () => edges[edges.push(edge()) - 1];
  const found = [next()];
  lines.forEach((line, index) => {
    found.push(lineOf(line, colors[index]));
    if ((index + 1) % WATCHED === 0 || index + 1 === lines.length) found.push(next());
  });
  return found;
}

/** One line as an element, so that a wrapped line does not look like two. */
function lineOf(line, runs) {
  return el("div", { class: "line" }, tinted(line, runs));
}

/** Tell the gateway once every edge has been in view, above the bar with the buttons. */
function tellOnceSeen(channel, prompt, part, edges) {
  const tell = async () => {
    await channel.ask({ type: "read", id: prompt.id, digest: prompt.digest, parts: [part] });
    markRead(prompt, part);
  };
  requestAnimationFrame(() => {
    const bar = document.querySelector(".decide")?.offsetHeight ?? 0; // on the page by now, and over the end of the call
    watch(edges, () => tell().catch(() => {}), { bar }); // on a fault it stays unread, and the gateway would refuse the vote as well
  });
}
