// A task, line by line. Rule: each line that lets dangers through is confirmed by itself, here, where it stands whole.

import { el, levelOf, said } from "./dom.js";
import { GrantPreview } from "./preview.js";
import { confirm, isConfirmed, state } from "./state.js";

/** What a task is for, the calls that it lets through, and what that would have been of the last day. */
export function taskView(channel, prompt) {
  const { purpose, lines, dangers } = prompt.task;
  const effect = state.me.may_grant ? new GrantPreview(channel, prompt) : null;
  effect?.about(null);
  return [
    el("p", {}, "It says what for, unproven: ", el("q", { class: "claim" }, said(purpose))),
    el(
      "ol",
      { class: "lines" },
      lines.map((line, index) => el("li", {}, dangers.includes(index + 1) ? confirmable(prompt, index + 1, line) : said(line))),
    ),
    effect?.node,
  ];
}

function confirmable(prompt, number, line) {
  const box = el("input", {
    type: "checkbox",
    "data-line": number,
    checked: isConfirmed(prompt, number),
    on: { change: () => confirm(prompt, number, box.checked) },
  });
  return el(
    "label",
    { class: "choice" },
    box,
    el("span", {}, levelOf({ level: "danger" }), " ", said(line), el("span", { class: "muted" }, " Confirm that dangerous ones go through unread.")),
  );
}
