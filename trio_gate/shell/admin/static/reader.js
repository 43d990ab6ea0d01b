// A dialog that shows a part of a call in full, fetched piece by piece, and of an archive file by file.
// Rule: a part counts as read once all of it was on the screen, and an archive once the list of its files and all their texts were. A
// piece is fetched once all before it was on the screen.

import { button, bytes, el, pieces, plural, tinted } from "./dom.js";
import { edge, watch, WATCHED } from "./edges.js";
import { isRead, markRead } from "./state.js";

export const WHY = {
  masked: "hidden, because its name says that it is sensitive",
  cut: "too long to show in the call",
  blob: "binary data",
  more: "more items than are shown in the call",
  name: "a member's name that is too long to show",
  streamed: "an upload",
  deep: "nested too deep to show in the call",
  whole: "shown in full",
  script: "it will run",
  command: "it will run",
  statement: "it will run",
};
export const HOW = {
  base64: "decoded from Base64",
  gzip: "decompressed from gzip",
  zip: "the files of an archive",
  json: "formatted JSON",
  framed: "as it is sent, in chunks",
  png: "a picture in PNG",
  jpeg: "a picture in JPEG",
  gif: "a picture in GIF",
  webp: "a picture in WebP",
  hex: "shown as hexadecimal",
};
const PICTURES = ["png", "jpeg", "gif", "webp"];

/** Open a part of a prompt. */
export function read(channel, prompt, part, name, why) {
  const facts = el("p", { class: "facts" });
  const text = el("div", { class: "text", tabindex: "0", role: "region", "aria-label": "Contents" });
  const rest = el("div", { class: "rest" });
  const close = button("Close", () => box.close(), { class: "primary" });
  const box = el(
    "dialog",
    { class: "reader", "aria-labelledby": "reader-title" },
    el(
      "header",
      {},
      el(
        "div",
        {},
        el("h2", { id: "reader-title" }, el("bdi", {}, ...pieces(name))),
        el("p", { class: "muted" }, WHY[why] ?? why),
      ),
      close,
    ),
    facts,
    text,
    rest,
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  fetchFrom({ channel, prompt, part, facts, text, rest, line: null, archive: null }, 0);
}

async function fetchFrom(reading, offset) {
  const { channel, prompt, part, facts, text, rest } = reading;
  rest.replaceChildren(el("span", { class: "muted" }, "Loading…"));
  try {
    const piece = await channel.ask({ type: "detail", id: prompt.id, part, offset, colors: true, shows: true });
    if (offset === 0) {
      facts.replaceChildren(...described(piece));
      if (piece.files) {
        listFiles(reading, piece.files);
        return;
      }
      const kind = PICTURES.find((one) => piece.how.includes(one));
      if (kind) facts.append(button("Show the picture", (event) => showPicture(reading, kind, event.target), { class: "small" }));
    }
    const here = piece.next === null ? "All is here" : `${piece.next} of ${piece.length} characters are here`;
    const going = button("Show more", () => left.values().next().value?.scrollIntoView({ block: "start" }));
    rest.replaceChildren(el("span", {}, `${here}: scroll through it.`), going, ...back(reading));
    const seen = () => (piece.next === null ? end(reading) : fetchFrom(reading, piece.next));
    const left = watch(append(reading, piece.text, piece.colors ?? []), seen, { root: text });
  } catch (fault) {
    rest.replaceChildren(
      el("span", { class: "fault", role: "alert" }, fault.message),
      button("Try again", () => fetchFrom(reading, offset)),
      ...back(reading),
    );
  }
}

async function end(reading) {
  const { rest } = reading;
  rest.replaceChildren(el("span", { class: "muted" }, "End of the text."), ...back(reading));
  await tell(reading, reading.part);
}

/** Say that a part was shown; of an archive, that all of it was once that is so. */
async function tell({ channel, prompt, archive, rest }, part) {
  try {
    await channel.ask({ type: "read", id: prompt.id, digest: prompt.digest, parts: [part] });
  } catch (fault) {
    rest.append(el("span", { class: "fault", role: "alert" }, fault.message));
    return;
  }
  markRead(prompt, part);
  if (archive?.parts.every((one) => isRead(prompt, one))) markRead(prompt, archive.part);
}

/** The way back from a file to the list. */
const back = ({ archive }) => (archive ? [button("All files", archive.list, { class: "small" })] : []);

/** The files of an archive, each with a press that opens its text. */
function listFiles(reading, files) {
  const { prompt, part, facts, text, rest } = reading;
  const listing = `${part}f`;
  const about = [...facts.childNodes];
  const list = () => {
    facts.replaceChildren(...about);
    listFiles(reading, files);
  };
  const archive = { part, list, parts: [listing, ...files.map((one) => one.part).filter(Boolean)] };
  const inside = { ...reading, archive };
  const edges = [edge()];
  const rows = files.map((one) => el("li", { class: "line" }, fileOf(inside, one), edges[edges.push(edge()) - 1]));
  text.replaceChildren(edges[0], el("ul", { class: "files", "aria-label": "Files" }, rows));
  text.scrollTop = 0;
  const unread = archive.parts.filter((one) => one !== listing && !isRead(prompt, one)).length;
  rest.replaceChildren(el("span", { class: "muted" }, unread ? `${plural(unread, "file")} to read.` : "All files that have text were read."));
  if (!isRead(prompt, listing)) watch(edges, () => tell(inside, listing), { root: text });
}

function fileOf(inside, { part, name, size, said: why }) {
  const { prompt, facts, text } = inside;
  const about = el("span", { class: "muted small-text" }, ` ${bytes(size)}${why ? `, ${why}` : ""}`);
  if (!part) return [el("bdi", {}, ...pieces(name)), about];
  const open = () => {
    facts.replaceChildren(el("strong", {}, el("bdi", {}, ...pieces(name))));
    text.replaceChildren();
    text.scrollTop = 0;
    text.focus();
    fetchFrom({ ...inside, part, line: null, facts: el("p") }, 0);
  };
  return [button(el("bdi", {}, ...pieces(name)), open, { class: "small" }), about, isRead(prompt, part) ? el("span", { class: "tag" }, "read") : null];
}

/** Fetch the bytes of a picture, and show it in place of its hexadecimal text; the browser decodes it as this kind alone. */
async function showPicture(reading, kind, pressed) {
  const { channel, prompt, part, text, rest } = reading;
  pressed.disabled = true;
  let hex = "";
  try {
    for (let offset = 0; offset !== null; ) {
      const piece = await channel.ask({ type: "detail", id: prompt.id, part, offset, shows: true });
      hex += piece.text.replace(/\s/g, "");
      offset = piece.next;
    }
  } catch (fault) {
    pressed.disabled = false;
    rest.replaceChildren(el("span", { class: "fault", role: "alert" }, fault.message));
    return;
  }
  const data = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const url = URL.createObjectURL(new Blob([data], { type: `image/${kind}` }));
  const picture = el("img", { src: url, alt: "The picture that the call carries" });
  picture.addEventListener("load", () => {
    URL.revokeObjectURL(url);
    tell(reading, part);
  });
  picture.addEventListener("error", () => {
    URL.revokeObjectURL(url);
    text.replaceChildren(el("p", { class: "fault", role: "alert" }, "This is no picture that can be shown."));
  });
  text.replaceChildren(picture);
  rest.replaceChildren(el("span", { class: "muted" }, "End of the picture."));
}

function described(piece) {
  const how = piece.how.length ? piece.how.map((word) => HOW[word] ?? word).join(", ") : "plain text";
  return [
    el("span", {}, how),
    el("span", {}, plural(piece.length, "character")),
    el("span", {}, bytes(piece.size)),
    el("code", { class: "hash" }, `sha256 ${piece.sha256}`),
  ];
}

/** Append a piece, with edges. Each line is an element, so that a wrapped line does not look like two; the first one goes on with the last. */
function append(reading, piece, colors) {
  const edges = [edge()];
  reading.text.append(edges[0]);
  const lines = piece.split("\n");
  lines.forEach((line, index) => {
    if (index || !reading.line) reading.text.append((reading.line = el("div", { class: "line" })));
    reading.line.append(...tinted(line, colors[index]));
    if ((index + 1) % WATCHED && index + 1 < lines.length) return;
    reading.text.append(edges[edges.push(edge()) - 1]);
  });
  return edges;
}
