// The form for a denial: a reason, which the agent reads.

import { button, el } from "./dom.js";

/** Characters of a reason, as the gateway takes it. */
export const MAX_REASON = 1000;

/** `deny(reason)` sends it, `cancel()` closes the form; `text` is on its button. */
export function denyForm(deny, cancel, text = "Deny call") {
  const reason = el("textarea", { id: "reason", rows: "2", maxlength: MAX_REASON, placeholder: "What should the agent do instead?" });
  const submit = (event) => {
    event.preventDefault();
    deny(reason.value);
  };
  const form = el(
    "form",
    { on: { submit } },
    el("label", { for: "reason" }, "Reason", el("span", { class: "muted" }, " shown to the agent")),
    reason,
    el(
      "div",
      { class: "buttons" },
      el("button", { type: "submit", class: "danger" }, text),
      button("Cancel", cancel, { class: "plain" }),
    ),
  );
  reason.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  return form;
}
