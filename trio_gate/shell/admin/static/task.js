// A task, line by line. Rule: each line that lets dangers through is confirmed by itself, here, where it stands whole.

import { el, levelOf, said } from "./dom.js";
import { confirm, isConfirmed } from "./state.js";

/** What a task is for, and the calls that it lets through. */
export function taskView(prompt) {
  const { purpose, lines, dangers } = prompt.task;
  return [
    el("p", {}, "It says what for, unproven: ", el("q", { class: "claim" }, said(purpose))),
    el(
      "ol",
      { class: "lines" },
      lines.map((line, index) => el("li", {}, dangers.includes(index + 1) ? confirmable(prompt, index + 1, line) : said(line))),
    ),
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
