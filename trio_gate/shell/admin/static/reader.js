// A dialog that shows a part of a call in full, fetched piece by piece.
// Rule: a part counts as shown once its last piece is on the screen.

import { button, bytes, el, pieces, plural, tinted } from "./dom.js";
import { markRead } from "./state.js";

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
const AT_ONCE = 4;

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
  const reading = { channel, prompt, part, facts, text, rest };
  fetchFrom(reading, 0, AT_ONCE);
}

async function fetchFrom(reading, offset, most) {
  const { channel, prompt, part, facts, text, rest } = reading;
  rest.replaceChildren(el("span", { class: "muted" }, "Loading…"));
  try {
    let next = offset;
    let piece = null;
    for (let done = 0; next !== null && done < most; done += 1) {
      piece = await channel.ask({ type: "detail", id: prompt.id, part, offset: next, colors: true });
      if (offset === 0 && done === 0) {
        facts.replaceChildren(...described(piece));
        const kind = PICTURES.find((one) => piece.how.includes(one));
        if (kind) facts.append(button("Show the picture", (event) => showPicture(reading, kind, event.target), { class: "small" }));
      }
      append(text, piece.text, piece.colors ?? []);
      next = piece.next;
    }
    if (next === null) {
      markRead(prompt, part);
      rest.replaceChildren(el("span", { class: "muted" }, "End of the text."));
      return;
    }
    const going = button("Show more", () => fetchFrom(reading, next, AT_ONCE));
    rest.replaceChildren(el("span", {}, `${next} of ${piece.length} characters are shown.`), going);
  } catch (fault) {
    rest.replaceChildren(
      el("span", { class: "fault", role: "alert" }, fault.message),
      button("Try again", () => fetchFrom(reading, offset, most)),
    );
  }
}

/** Fetch the bytes of a picture, and show it in place of its hexadecimal text; the browser decodes it as this kind alone. */
async function showPicture({ channel, prompt, part, text, rest }, kind, pressed) {
  pressed.disabled = true;
  let hex = "";
  try {
    for (let offset = 0; offset !== null; ) {
      const piece = await channel.ask({ type: "detail", id: prompt.id, part, offset });
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
  picture.addEventListener("load", () => URL.revokeObjectURL(url));
  picture.addEventListener("error", () => {
    URL.revokeObjectURL(url);
    text.replaceChildren(el("p", { class: "fault", role: "alert" }, "This is no picture that can be shown."));
  });
  text.replaceChildren(picture);
  rest.replaceChildren(el("span", { class: "muted" }, "End of the picture."));
  markRead(prompt, part);
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

/** Each line is an element, so that a wrapped line does not look like two. */
function append(text, piece, colors) {
  piece.split("\n").forEach((line, index) => {
    if (index || !text.lastChild) text.append(el("div", { class: "line" }));
    text.lastChild.append(...tinted(line, colors[index]));
  });
}
