// What a call would change, as AWS says that it is now: read only on a person's press, and kept nowhere.

import { button, clock, el, pieces } from "./dom.js";
import { state } from "./state.js";

const LOOKS = { "+": "come", "-": "gone", " ": "same" };

/** The section for a call that this person may have compared; nothing for any other. */
export function comparison(channel, prompt) {
  if (!prompt.compared_by.includes(state.me.person)) return null;
  const found = el("div", { class: "compared", "aria-live": "polite" });
  const ask = button("Compare with now", () => compare(channel, prompt, ask, found), { class: "small" });
  return el(
    "section",
    { class: "part" },
    el("div", { class: "part-head" }, el("h2", {}, "What would change"), ask),
    found,
  );
}

async function compare(channel, prompt, ask, found) {
  ask.disabled = true;
  found.replaceChildren(el("p", { class: "muted" }, "Reading from AWS…"));
  try {
    const { at, text, reads } = await channel.ask({ type: "compare", id: prompt.id });
    found.replaceChildren(
      el("p", { class: "muted small-text" }, `As of ${clock(at)}, by ${reads.join(" and ")}. The record says that you looked.`),
      el("div", { class: "text", role: "region", tabindex: "0", "aria-label": "Differences" }, text.split("\n").map(line)),
    );
    ask.textContent = "Compare again";
  } catch (fault) {
    found.replaceChildren(el("p", { class: "fault", role: "alert" }, fault.message));
  } finally {
    ask.disabled = false;
  }
}

function line(text) {
  return el("div", { class: `line ${LOOKS[text[0]] ?? "member"}` }, pieces(text.replaceAll("\\u{9}", "\t")));
}
