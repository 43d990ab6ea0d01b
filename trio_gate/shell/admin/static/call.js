// A waiting call, as the person who decides sees it: first the account, then what will run, then the circumstances.

import { ago, bytes, button, capital, clock, does, el, levelOf, pieces, plural, said, swatch } from "./dom.js";
import { codeSections } from "./code.js";
import { comparison } from "./compare.js";
import { read } from "./reader.js";
import { now, until } from "./state.js";
import { taskView } from "./task.js";
import { tree } from "./tree.js";

const MOST_NAMES = 5;
const ACCESS = { read: "reads", list: "lists", write: "writes", permissions: "changes permissions", tagging: "changes tags" };

/** The accounts of a task that has several, each as its number and label; none of anything else. */
const several = (thing) => Object.entries(thing.task?.accounts ?? thing.accounts ?? {});

/** The account of a call, a task or a grant by its label; all of them where a task has several. */
export function accountOf(thing) {
  return several(thing).map(([id, label]) => label ?? id).join(", ") || (thing.account_name ?? thing.account);
}

export function agentOf(thing) {
  return thing.agent ?? "unnamed agent";
}

/** The head and body of a call; the buttons are in `decide`. */
export function callView(channel, prompt) {
  const open = (part, name, why) => read(channel, prompt, part, name, why);
  return [
    el(
      "header",
      { class: "call-head" },
      el(
        "p",
        { class: "account" },
        swatch(prompt),
        said(accountOf(prompt), "account-name"),
        prompt.account_name && !several(prompt).length ? el("span", { class: "account-id" }, prompt.account) : null,
        prompt.organization_name ? el("span", { class: "account-id" }, "AWS calls it ", said(prompt.organization_name)) : null,
        deadline(prompt),
      ),
      el("h1", { id: "call-title", tabindex: "-1" }, does(prompt)),
      prompt.task ? null : whole(prompt.names),
      el(
        "p",
        { class: "call-what" },
        el("code", {}, `${prompt.service}:${prompt.operation}`),
        el("span", {}, prompt.region),
        el("span", {}, ACCESS[prompt.access] ?? prompt.access),
      ),
    ),
    risks(prompt),
    asks(prompt),
    prompt.task ? section("What it lets through", taskView(channel, prompt)) : "",
    el("div", { class: "leaving" }, leaving(prompt)),
    ...codeSections(channel, prompt),
    comparison(channel, prompt) ?? "",
    prompt.task ? "" : section("What it affects", resources(prompt, open)),
    section(
      "Parameters",
      tree(prompt.params, open),
      button("Open all", () => open("params", "All parameters", "whole"), { class: "small quiet" }),
    ),
    folded("Who asks, and why you are asked", [who(prompt), why(prompt)]),
    folded("Proof: the request, its headers and digests", [
      button("Open whole request", () => open("request", "The request's head", "whole"), { class: "small" }),
      request(prompt, open),
    ]),
    el(
      "p",
      { class: "legend" },
      said("Text like this"),
      " comes from the agent. Characters that are invisible or pass for others are shown by number, such as ",
      said("\\u{202e}"),
      ".",
    ),
  ];
}

export function section(title, body, tool = null) {
  return el("section", { class: "part" }, el("div", { class: "part-head" }, el("h2", {}, title), tool), body);
}

/** A part that is not needed for the common decision. */
export function folded(title, body) {
  return el("details", { class: "part fold-part" }, el("summary", {}, el("h2", {}, title)), body);
}

/** Who asks, under which rule and why; and what the agent claims to do it for. */
export function asks(prompt) {
  return el(
    "div",
    { class: "asks" },
    el(
      "p",
      {},
      said(agentOf(prompt)),
      " asks. Rule ",
      said(prompt.rule),
      prompt.reason === null ? "" : [": ", said(prompt.reason)],
    ),
    prompt.agent_reason ? el("p", {}, "It says why, unproven: ", el("q", { class: "claim" }, said(prompt.agent_reason))) : null,
  );
}

function deadline(prompt) {
  return el(
    "span",
    { class: "deadline", title: `asked at ${clock(prompt.asked_at)}, until ${clock(prompt.expires_at)}` },
    el("b", { "data-countdown": prompt.expires_at }, ""),
    " left to decide",
    el("span", { class: "muted when" }, ", asked ", el("span", { "data-ago": prompt.asked_at }, ago((now() - Date.parse(prompt.asked_at)) / 1000))),
  );
}

/** The names that the sentence shortens or counts. */
function whole(names) {
  if (!names?.length) return null;
  const more = names.length - MOST_NAMES;
  return el(
    "p",
    { class: "whole" },
    names.slice(0, MOST_NAMES).map((name) => [said(name), " "]),
    more > 0 ? el("span", { class: "muted" }, `and ${more} more, below`) : null,
  );
}

/** Why the call has its level: dangers and cautions, then in one line what is merely so. */
export function risks(prompt) {
  const grave = prompt.risks.filter((risk) => risk.level !== "fact");
  const facts = prompt.risks.filter((risk) => risk.level === "fact");
  if (!prompt.risks.length) return null;
  return el(
    "div",
    { class: "reasons" },
    grave.length
      ? el(
          "ul",
          { class: "risks", "aria-label": "Reasons for its level" },
          grave.map((risk) => el("li", { class: risk.level }, levelOf(risk), sentence(risk.text))),
        )
      : null,
    facts.length ? el("p", { class: "muted small-text" }, facts.map((risk) => [sentence(risk.text), " "])) : null,
  );
}

/** What to know once the agent has disconnected; null while it waits. */
export function leaving(prompt) {
  if (!prompt.detached) return null;
  return el(
    "p",
    { class: "notice" },
    el("strong", {}, "The agent has disconnected. "),
    "Approving executes nothing now. If the agent makes the same call again, it goes through once without asking.",
    prompt.may_differ.length ? ` ${differs(prompt)}.` : null,
  );
}

/** In which parameters a later call may differ and still count as equal. */
function differs(prompt) {
  return `A later call counts as equal whatever its ${prompt.may_differ.join(", ")}, which SDKs set to a new value for each call`;
}

function resources(prompt, open) {
  if (prompt.resources === null) return el("p", { class: "muted" }, "Their ARNs are not known: the parameters say what it acts on.");
  if (!prompt.resources.length) return el("p", { class: "muted" }, "No named resources.");
  const left = prompt.resources_total - prompt.resources.length;
  const whole = prompt.not_shown.some((part) => part.part === "resources");
  return [
    el(
      "ul",
      { class: "resources" },
      prompt.resources.map((name) => el("li", {}, said(name))),
    ),
    whole
      ? el(
          "p",
          {},
          left > 0 ? `${left} more are not shown here. ` : "Some are cut. ",
          button(`Open all ${prompt.resources_total}`, () => open("resources", "Resources", "more"), { class: "small" }),
        )
      : null,
  ];
}

function who(prompt) {
  return rows([
    ["Agent", prompt.agent === null ? "unnamed: this gateway has no agents configured" : said(prompt.agent)],
    ["Comes from", said(prompt.agent_address)],
    ["Says it is", prompt.user_agent === null ? el("span", { class: "none" }, "nothing") : said(prompt.user_agent)],
    ["Waits until", prompt.hold_until < prompt.expires_at ? `${clock(prompt.hold_until)}; then the agent is asked to repeat it` : null],
    ["Acts as", prompt.role ? said(prompt.role) : null],
    ["Narrowed by", prompt.session_policy ? said(prompt.session_policy) : null],
    ["With session", prompt.session ? said(prompt.session) : null],
  ]);
}

function why(prompt) {
  return rows([
    ["Rule", said(prompt.rule)],
    ["Its reason", prompt.reason === null ? el("span", { class: "none" }, "none given") : said(prompt.reason)],
    [
      "IAM actions",
      prompt.iam_actions === null
        ? el("span", { class: "caution" }, "not known")
        : el(
            "span",
            { class: "chips" },
            prompt.iam_actions.map((name) => said(name)),
          ),
    ],
    ["Access", ACCESS[prompt.access] ?? prompt.access],
    [
      "Another account",
      prompt.cross_account === null ? el("span", { class: "caution" }, "not known") : prompt.cross_account ? "yes" : "no",
    ],
    ["Equal calls", prompt.may_differ.length ? differs(prompt) : null],
    ["Must approve", el("ul", { class: "groups", "data-groups": true }, prompt.approvers.map(group))],
  ]);
}

export function group(one) {
  const names = one.approved.length ? ` · approved: ${one.approved.join(", ")}` : "";
  return el("li", {}, el("bdi", {}, one.id), ` · ${one.approved.length} of ${one.quorum}`, names);
}

/** Whether what is signed is an upload whose content is not known yet. */
function chosenLater(prompt) {
  return prompt.method === "PUT" && prompt.risks.some((risk) => risk.code === "presigned");
}

function request(prompt, open) {
  const target = prompt.query ? `${prompt.path}?${prompt.query}` : prompt.path;
  const body = prompt.payload_length
    ? el(
        "span",
        {},
        `${bytes(prompt.payload_length)} `,
        button("Open", () => open("body", "The request's body", "whole"), { class: "small" }),
        el("code", { class: "hash" }, `sha256 ${prompt.payload_sha256}`),
      )
    : chosenLater(prompt)
      ? "any: whoever has the signature chooses it"
      : "none";
  return [
    rows([
      ["Sent to", [said(prompt.host), prompt.address ? [" by ", said(prompt.address)] : null]],
      ["Line", said(`${prompt.method} ${target}`)],
      ["Body", body],
      ["Digest", el("code", { class: "hash" }, prompt.digest)],
    ]),
    el(
      "details",
      { class: "headers" },
      el("summary", {}, plural(prompt.headers.length, "header")),
      el(
        "dl",
        { class: "rows" },
        prompt.headers.map(([name, value]) => [el("dt", {}, said(name)), el("dd", {}, said(value))]),
      ),
    ),
  ];
}

function rows(pairs) {
  return el(
    "dl",
    { class: "rows" },
    pairs.filter(([, value]) => value !== null).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

function sentence(text) {
  return el("span", {}, ...pieces(`${capital(text)}.`));
}

/** Update clocks, bars and ages. */
export function tick() {
  for (const place of document.querySelectorAll("[data-countdown]")) {
    const left = until(place.dataset.countdown);
    place.textContent = countdown(left);
    place.classList.toggle("soon", left < 60);
  }
  for (const place of document.querySelectorAll("[data-ago]")) {
    place.textContent = ago((now() - Date.parse(place.dataset.ago)) / 1000);
  }
}

function countdown(left) {
  const whole = Math.max(0, Math.ceil(left));
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
