// Calls of equal shape as one row and one decision. Rule: a press decides the calls that were shown, each by its own digest, and no other:
// what arrives while the group is on the screen is counted beside it, until the person asks to see it.

import { button, capital, does, el, plural, said, swatch, toast } from "./dom.js";
import { accountOf, agentOf, asks, risks, section } from "./call.js";
import { Broken } from "./channel.js";
import { denyForm } from "./deny.js";
import { state } from "./state.js";
import { tree } from "./tree.js";

const AT_ONCE = 10;
const NOUNS = {
  add: "additions",
  cancel: "cancellations",
  change: "changes",
  copy: "copies",
  create: "creations",
  delete: "deletes",
  deregister: "deregistrations",
  get: "reads",
  invoke: "invocations",
  modify: "changes",
  publish: "publications",
  put: "writes",
  reboot: "reboots",
  register: "registrations",
  remove: "removals",
  restore: "restores",
  run: "runs",
  send: "sends",
  set: "changes",
  start: "starts",
  stop: "stops",
  terminate: "terminations",
  update: "updates",
};
const MARK = "~";

/** Whether a name is that of a group. */
export const isGroup = (name) => Boolean(name?.startsWith(MARK));

/** Whether a call is of the group of this name. */
export const isIn = (prompt, name) => prompt.alike !== null && `${MARK}${prompt.alike?.key}` === name;

/** The rows of a list of prompts: calls that are alike share the row of the first of them. `key` is a group's name, or a call's id. */
export function rowsOf(prompts) {
  const rows = new Map();
  for (const prompt of prompts) {
    const key = prompt.alike ? `${MARK}${prompt.alike.key}` : prompt.id;
    if (rows.has(key)) rows.get(key).prompts.push(prompt);
    else rows.set(key, { key, prompts: [prompt] });
  }
  return [...rows.values()].map((row) => (row.prompts.length > 1 ? row : { key: row.prompts[0].id, prompts: row.prompts }));
}

/** All that may differ between calls of a group, as text. */
const differing = ({ resources, params, may_differ }) =>
  JSON.stringify([resources, Object.entries(params).filter(([name]) => !may_differ.includes(name))]);

/** What a group does, in one sentence: the same call so many times, or so many calls in one place. */
export function groupTitle(prompts) {
  const [first] = prompts;
  if (prompts.length === 1) return [does(first)];
  if (new Set(prompts.map(differing)).size === 1) return [does(first), el("span", { class: "times" }, ` ${prompts.length} times`)];
  return [`${prompts.length} ${deeds(first)} by `, said(agentOf(first)), " in ", said(first.alike.place)];
}

/** What calls of one operation do, after their number: "deletes" of objects in a folder, "deletes of queues". */
function deeds({ service, words }) {
  const [verb, ...rest] = words.split(" ");
  const thing = rest.join(" ");
  const nouns = NOUNS[verb] ?? `calls to ${verb}`;
  if (!thing || (service === "s3" && /^objects?$/.test(thing))) return nouns;
  return nouns.startsWith("calls") ? `${nouns} ${thing}` : `${nouns} of ${manyOf(thing)}`;
}

/** A thing of AWS's names in the plural. */
function manyOf(thing) {
  if (/([^s]s|data|access|ing)$/.test(thing)) return thing;
  if (/[^aeiou]y$/.test(thing)) return `${thing.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(thing) ? `${thing}es` : `${thing}s`;
}

/** What a call acts on, whole, unless its sentence says so and is like no other's. */
function wholeNames(prompt, prompts) {
  const twin = prompts.some((other) => other.sentence === prompt.sentence && differing(other) !== differing(prompt));
  if (!prompt.names?.length && !twin) return null;
  const others = (prompt.names ?? []).filter((name) => !prompt.resources.some((arn) => arn.endsWith(name)));
  return el("span", { class: "whole" }, [...prompt.resources, ...others].map((name) => [said(name), " "]));
}

/** The reasons of all calls of a group, each once. */
const reasonsOf = (prompts) => [...new Map(prompts.flatMap(({ risks: found }) => found).map((risk) => [risk.text, risk])).values()];

/** A group on the screen, and the bar that decides it. */
export class Group {
  /** `prompts` are shown, and are what a press decides. `again` shows the group anew. */
  constructor(channel, key, prompts, again) {
    this.channel = channel;
    this.name = key;
    this.shown = prompts.map((prompt) => ({ ...prompt }));
    this.again = again;
    this.busy = false;
    this.asked = null;
    const [first] = this.shown;
    this.title = el("h1", { id: "call-title", tabindex: "-1" });
    this.items = el("ul", { class: "members", "aria-label": "Calls of this group" });
    this.news = el("div", { class: "news", role: "status" });
    this.fault = el("p", { class: "fault", role: "alert" });
    this.form = el("div", { class: "form" });
    this.approve = button("", () => this.send("approve"), { class: "primary", "aria-keyshortcuts": "a" });
    this.deny = button("", () => this.ask("deny"), { class: "danger", "aria-keyshortcuts": "d", "aria-expanded": "false" });
    this.buttons = el("div", { class: "buttons" }, this.approve, this.deny);
    this.bar = el("section", { class: "decide", "aria-label": "Decision" }, this.news, this.fault, this.form, this.buttons);
    this.body = el(
      "div",
      { class: "call-body" },
      el(
        "header",
        { class: "call-head" },
        el("p", { class: "account" }, swatch(first), said(accountOf(first), "account-name")),
        this.title,
        el(
          "p",
          { class: "call-what" },
          el("code", {}, `${first.service}:${first.operation}`),
          el("span", {}, first.region),
        ),
      ),
      risks({ risks: reasonsOf(this.shown) }),
      asks({ ...first, agent_reason: new Set(this.shown.map((prompt) => prompt.agent_reason)).size === 1 ? first.agent_reason : null }),
      section("Calls", this.items),
      el(
        "details",
        { class: "part fold-part" },
        el("summary", {}, "Parameters of the first; the others differ in names alone"),
        tree(first.params),
      ),
    );
    this.refresh();
  }

  /** Those that were shown and still wait for this person's answer. */
  get open() {
    return this.shown.filter((prompt) => {
      const now = state.prompts.get(prompt.id);
      return now?.digest === prompt.digest && !now.approvers.some((group) => group.approved.includes(state.me?.person));
    });
  }

  /** How many like them wait that were not shown. */
  get others() {
    const shown = new Set(this.shown.map((prompt) => prompt.id));
    return [...state.prompts.values()].filter((prompt) => isIn(prompt, this.name) && !shown.has(prompt.id)).length;
  }

  refresh() {
    const { open, others } = this;
    const live = state.link === "open" && !this.busy && open.length > 0;
    const waits = new Set(open.map((prompt) => prompt.id));
    this.title.replaceChildren(...groupTitle(this.shown));
    this.items.replaceChildren(...this.shown.map((prompt) => this.item(prompt, waits.has(prompt.id))));
    const [first] = this.shown;
    const yes = [swatch(first), `Approve ${open.length} in ${accountOf(first)}`].filter(Boolean);
    this.approve.replaceChildren(...(this.busy ? ["Sending…"] : yes));
    this.deny.replaceChildren(`Deny ${open.length}…`);
    this.approve.disabled = this.deny.disabled = !live;
    for (const control of this.form.querySelectorAll("button[type=submit]")) control.disabled = !live;
    this.news.replaceChildren(
      ...(others
        ? [`${plural(others, "more call")} like these ${others === 1 ? "waits" : "wait"}, not part of this decision. `, button("Show", this.again, { class: "small" })]
        : []),
    );
  }

  item(prompt, waits) {
    return el(
      "li",
      { class: waits ? null : "over" },
      el("a", { href: `#${prompt.id}` }, does(prompt)),
      wholeNames(prompt, this.shown),
      waits ? el("b", { "data-countdown": prompt.expires_at, class: "item-left" }, "") : el("span", { class: "tag" }, "answered"),
      state.prompts.get(prompt.id)?.detached ? el("span", { class: "tag" }, "agent disconnected") : null,
    );
  }

  /** Show or hide the form for a denial. */
  ask(kind) {
    const opening = this.asked !== kind;
    this.asked = opening ? kind : null;
    this.deny.setAttribute("aria-expanded", String(opening));
    this.buttons.hidden = opening;
    const form = denyForm((reason) => this.send("deny", reason), () => this.ask(kind), `Deny ${plural(this.open.length, "call")}`);
    this.form.replaceChildren(...(opening ? [form] : []));
    (opening ? this.form.querySelector("textarea") : this.deny).focus();
  }

  /** Decide what is shown, some at a time; what could not be decided is said. */
  async send(verdict, reason = "") {
    if (this.busy) return;
    const todo = [...this.open];
    const faults = [];
    let counted = 0;
    this.busy = true;
    this.fault.textContent = "";
    this.refresh();
    const work = async () => {
      for (let prompt = todo.shift(); prompt; prompt = todo.shift()) {
        try {
          await this.channel.ask({ type: "decide", id: prompt.id, digest: prompt.digest, verdict, reason });
          counted += 1;
        } catch (fault) {
          faults.push(fault.message);
          if (fault instanceof Broken) todo.length = 0;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.busy = false;
    if (this.asked) this.ask(this.asked);
    if (counted) toast(`${plural(counted, "call")} ${verdict === "approve" ? "approved" : "denied"}.`, verdict === "approve" ? "good" : "bad");
    if (faults.length) this.fault.textContent = `${plural(faults.length, "call")} not decided: ${capital(faults[0])}.`;
    this.refresh();
  }

  /** A key moves the focus to its button or opens its form; Enter confirms. */
  key(name) {
    if (this.asked) this.ask(this.asked);
    if (name === "a" && !this.approve.disabled) this.approve.focus();
    if (name === "d" && !this.deny.disabled) this.ask("deny");
  }
}
