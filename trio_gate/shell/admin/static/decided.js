// Decided calls: the card of one, and the list of the last. What AWS answered stands in the title: "approved" alone is no end.

import { clock, does, el, pieces, said, swatch } from "./dom.js";
import { accountOf, agentOf } from "./call.js";
import { state } from "./state.js";

const LISTED = 50;

const WORDS = {
  approved: "approved",
  denied: "denied",
  expired: "nobody answered in time",
  withdrawn: "withdrawn",
  unknown: "no longer waiting",
};

const WHY = {
  denied: "Nothing was executed. The agent learned that a person denied it.",
  expired: "The call was not made. The agent learned that this is not a denial.",
  withdrawn: "Nothing was executed.",
  unknown: "It ended while this page was offline. The record says how.",
};

/** Whether AWS did what was approved; null while that is not known. */
function went({ outcome }) {
  return outcome ? outcome.end === "answered" && outcome.status < 400 && !outcome.why : null;
}

/** Whether people were asked about a task and not about a call. */
function isTask(call) {
  return call.service === "trio-gate" && call.operation === "AskForTask";
}

/** What became of an approved call, in a few words. */
export function became({ call, outcome, grant }) {
  if (isTask(call)) return state.grants.has(grant) ? "its calls go through" : "it is over, and its calls are asked about again";
  if (!outcome) return grant ? "not sent yet" : "being sent";
  if (outcome.end === "not_sent") return "not sent";
  if (outcome.end === "unanswered") return "sent, and no answer is known";
  const took = outcome.seconds === null ? "" : ` after ${outcome.seconds < 10 ? outcome.seconds.toFixed(2) : outcome.seconds.toFixed(0)} s`;
  return `AWS answered ${outcome.status}${outcome.error_code ? ` ${outcome.error_code}` : ""}${took}`;
}

/** How a call ended, for a person who was looking at it. */
export function endedView(ended) {
  const { call, status, by, reason, grant, outcome, at } = ended;
  const mine = by.includes(state.me?.person);
  const words = WORDS[status] ?? status;
  const title = mine && (status === "approved" || status === "denied") ? `You ${words} this` : words;
  const done = status === "approved" ? went(ended) : null;
  return el(
    "div",
    { class: `ended ${status} ${done === null ? "" : done ? "done" : "failed"}`.trim() },
    el("p", { class: "account" }, swatch(call), said(accountOf(call), "account-name")),
    el(
      "h1",
      { id: "call-title", tabindex: "-1" },
      title.charAt(0).toUpperCase() + title.slice(1),
      status === "approved" ? [". ", el("span", { class: "became" }, sentence(became(ended)))] : null,
    ),
    el("p", {}, el("strong", {}, does(call)), " for ", said(agentOf(call)), by.length && !(mine && by.length === 1) ? [" · by ", by.join(", ")] : null),
    outcome?.why ? el("p", {}, "Why: ", said(outcome.why)) : null,
    reason ? el("p", {}, status === "withdrawn" ? pieces(sentence(reason)) : ["Reason: ", said(reason)]) : null,
    WHY[status] ? el("p", { class: "muted" }, WHY[status]) : null,
    status === "approved" && !outcome && grant && !isTask(call) ? el("p", { class: "muted" }, "If its agent has left, its next equal call goes through.") : null,
    grant ? el("p", {}, el("a", { href: "#/grants" }, "A grant was made"), " from this approval.") : null,
    el("p", { class: "muted small-text" }, `Decided at ${clock(at)}`, outcome ? `, ended at ${clock(outcome.at)}.` : "."),
  );
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The calls that ended last, newest first; null before any did. */
export function decidedList(chosen) {
  const ended = [...state.ended.values()].sort((one, other) => other.at.localeCompare(one.at)).slice(0, LISTED);
  if (!ended.length) return null;
  return [
    el("h2", { class: "list-title" }, "Decided"),
    el(
      "ul",
      { class: "calls decided" },
      ended.map((one) => item(one, one.id === chosen)),
    ),
  ];
}

function item(ended, current) {
  const { call, status } = ended;
  const done = status === "approved" ? went(ended) : null;
  const look = done === null ? "" : done ? " allow" : " deny";
  return el(
    "li",
    {},
    el(
      "a",
      { href: `#${ended.id}`, "data-decided": ended.id, "aria-current": current ? "true" : null },
      el(
        "span",
        { class: "item-top" },
        el("span", { class: "item-where" }, swatch(call), said(accountOf(call), "item-account")),
        el("span", { class: "item-left" }, clock(ended.at)),
      ),
      el("span", { class: "item-words" }, does(call)),
      el(
        "span",
        { class: "tags" },
        el("span", { class: "tag" }, WORDS[status] ?? status),
        status === "approved" ? el("span", { class: `tag${look}` }, became(ended)) : null,
      ),
    ),
  );
}
