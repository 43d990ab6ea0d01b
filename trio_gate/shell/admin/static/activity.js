// Calls as they end, and the record of earlier ones, with filters.

import { announce, bytes, button, does, el, levelOf, moment, plural, said } from "./dom.js";
import { state } from "./state.js";
import { tree } from "./tree.js";

const SHOWN = 200;
const PAGE = 50;
const PEOPLE = {
  vote: "vote",
  void: "vote that did not count",
  compare: "comparison with now",
  grant: "grant",
  revoke: "revocation",
  stop: "stop",
  lift: "stop lifted",
  end_session: "end of a session",
  link: "sign-in link made",
  linked: "sign-in by link",
};
const GATEWAY = {
  ended: "end of a grant",
  started: "gateway started",
  stopped: "gateway stopped",
  reload: "reload",
  voided: "approvals void after an update",
  unreviewed: "first call of an operation that was not reviewed",
};
const DECISIONS = {
  "": "any decision",
  allow: "allowed by rule",
  approve: "approved by people",
  deny: "denied by a rule or a person",
  pending: "still waiting for people",
  expired: "nobody answered in time",
  refused: "refused by the gateway",
  unavailable: "something did not work",
  ...PEOPLE,
  ...GATEWAY,
  stopped: "agent or gateway stopped",
};
const WORDS = { allow: "allowed", approve: "approved", deny: "denied", pending: "pending" };
const ENDS = { "": "any outcome", answered: "answered", refused: "refused", aborted: "aborted", failed: "failed" };
const TEXTS = {
  text: ["Contains", "words of agent, account, call, rule, …"],
  resource: ["Resource", "part of an ARN"],
  approver: ["Approver", "part of a name"],
  reason: ["Reason", "part of it"],
};
const TIMES = { since: "From", until: "To" };

export class ActivityView {
  constructor(channel) {
    this.channel = channel;
    this.live = true;
    this.begun = false;
    this.last = Promise.resolve();
    this.found = [];
    this.next = null;
    this.form = this.filters();
    this.rows = el("tbody", {});
    this.note = el("p", { class: "note", role: "status" });
    this.tabs = el(
      "div",
      { class: "switch", role: "group", "aria-label": "Source" },
      button("Live", () => this.mode(true), { "aria-pressed": "true" }),
      button("Record", () => this.mode(false), { "aria-pressed": "false" }),
    );
    const heads = ["Time", "Agent", "Account", "Call", "Decision", "Outcome", "Took"];
    const table = el(
      "table",
      { class: "log" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((head) => el("th", { scope: "col" }, head)),
        ),
      ),
      this.rows,
    );
    this.more = button("Older", () => this.search(this.next), { class: "plain", hidden: true });
    this.node = el(
      "div",
      { class: "page wide" },
      el("div", { class: "part-head" }, el("h1", { tabindex: "-1" }, "Activity"), this.tabs),
      this.form,
      this.note,
      el("div", { class: "scroll" }, table),
      this.more,
    );
  }

  filters() {
    const fields = Object.entries(TEXTS).map(([name, [label, placeholder]]) =>
      el(
        "label",
        { class: "field" },
        label,
        el("input", { name, type: "search", placeholder, maxlength: 256, autocomplete: "off", autocapitalize: "off", spellcheck: "false" }),
      ),
    );
    const times = Object.entries(TIMES).map(([name, label]) =>
      el("label", { class: "field" }, label, el("input", { name, type: "datetime-local", step: 1 })),
    );
    const selects = Object.entries({ decision: DECISIONS, end: ENDS }).map(([name, words]) =>
      el(
        "label",
        { class: "field" },
        name === "decision" ? "Decision" : "Outcome",
        el(
          "select",
          { name },
          Object.entries(words).map(([value, text]) => el("option", { value }, text)),
        ),
      ),
    );
    this.find = el("button", { type: "submit", class: "primary", hidden: true }, "Search");
    const form = el(
      "form",
      {
        class: "filters",
        "aria-label": "Filters",
        on: {
          input: () => this.live && this.draw(),
          submit: (event) => {
            event.preventDefault();
            if (!this.live) this.search(null);
          },
        },
      },
      fields,
      selects,
      times,
      this.find,
    );
    return el("details", { class: "fold", open: matchMedia("(min-width: 860px)").matches }, el("summary", {}, "Filters"), form);
  }

  show() {
    this.draw();
    if (!this.begun) this.begin();
  }

  /** Live begins with the last calls of the record. */
  async begin() {
    this.begun = true;
    try {
      const { calls } = await this.ask({}, null);
      const known = new Set(state.calls.map((call) => call.id));
      state.calls.push(...calls.filter((call) => !known.has(call.id)));
    } catch {
      this.begun = false;
    }
    if (this.live) this.draw();
  }

  mode(live) {
    this.live = live;
    [...this.tabs.children].forEach((tab, index) => tab.setAttribute("aria-pressed", String((index === 0) === live)));
    this.find.hidden = live;
    this.found = [];
    this.next = null;
    if (live) this.draw();
    else this.search(null);
  }

  wanted() {
    return Object.fromEntries(
      [...new FormData(this.form.querySelector("form"))]
        .map(([name, value]) => [name, value.trim()])
        .filter(([, value]) => value)
        .map(([name, value]) => [name, name in TIMES ? new Date(value).toISOString() : value]),
    );
  }

  /** Search the record, after the searches before this one: the gateway does one at a time for each person. */
  ask(filters, before) {
    const search = () => this.channel.ask({ type: "search", filters, before, limit: PAGE });
    this.last = this.last.then(search, search);
    return this.last;
  }

  async search(before) {
    this.note.textContent = "Searching…";
    try {
      const frame = await this.ask(this.wanted(), before);
      this.found = before === null ? frame.calls : [...this.found, ...frame.calls];
      this.next = frame.next;
      this.draw();
      announce(`${plural(this.found.length, "call")} found`);
    } catch (problem) {
      this.note.textContent = problem.message;
    }
  }

  draw() {
    const wanted = this.wanted();
    const calls = this.live ? state.calls.filter((call) => fits(call, wanted)).slice(0, SHOWN) : this.found;
    const open = new Set([...this.rows.querySelectorAll("[data-open]")].map((row) => row.dataset.open));
    this.rows.replaceChildren(...calls.flatMap((call) => this.row(call, open.has(call.id))));
    this.more.hidden = this.live || this.next === null;
    this.note.textContent = this.live
      ? this.liveNote(calls)
      : plural(calls.length, "row") + (this.next === null ? "." : " so far.");
  }

  liveNote(calls) {
    const left = state.missed ? ` ${plural(state.missed, "call")} came too fast to show; the record has them.` : "";
    return (
      (calls.length
        ? `${plural(calls.length, "row")}; more appear here as calls end.`
        : "Nothing yet: calls appear here as they end.") + left
    );
  }

  row(call, open) {
    const { outcome, decision } = call;
    const took = outcome ? Object.values(outcome.seconds).reduce((sum, part) => sum + part, 0) : null;
    const detail = el(
      "tr",
      { class: "more", hidden: !open, "data-open": open ? call.id : null },
      el("td", { colspan: 7 }, open ? about(call) : ""),
    );
    const toggle = el(
      "button",
      {
        type: "button",
        class: "call-name",
        "aria-expanded": String(open),
        on: {
          click: () => {
            const showing = detail.hidden;
            detail.hidden = !showing;
            toggle.setAttribute("aria-expanded", String(showing));
            if (showing) detail.dataset.open = call.id;
            else delete detail.dataset.open;
            detail.firstChild.replaceChildren(showing ? about(call) : "");
          },
        },
      },
      call.sentence && !call.act ? [levelOf(call), " ", does(call)] : said(title(call)),
    );
    return [
      el(
        "tr",
        {},
        cell("Time", el("time", { datetime: call.time, title: call.time }, moment(call.time))),
        cell("Agent", call.agent === null ? el("span", { class: "none" }, call.agent_address) : said(call.agent)),
        cell("Account", said(call.account_name ?? call.account ?? (call.act ? "" : "unknown"))),
        cell("Call", toggle, resourcesOf(call)),
        cell(
          "Decision",
          el("span", { class: `tag ${decision.outcome}` }, WORDS[decision.outcome] ?? decision.outcome),
          decision.rule === null ? null : [" ", said(decision.rule)],
          why(call),
        ),
        cell("Outcome", call.act ? "" : outcome ? ending(outcome) : el("span", { class: "none" }, "in progress")),
        cell("Took", took === null || call.act ? "" : `${took < 10 ? took.toFixed(2) : took.toFixed(0)} s`),
      ),
      detail,
    ];
  }
}

/** The title of a row: the call, or what a person or the gateway did. */
function title(call) {
  const name = call.service ? `${call.service}:${call.action ?? "?"}` : null;
  if (!call.act) return `${name ?? "unknown call"}${call.presigned ? `, presigned for ${call.presigned} s` : ""}`;
  const { act, kind } = call;
  if (kind === "stop" || kind === "lift") return `${kind} ${act.agent ?? "everything"}`;
  if (kind === "link") return "sign-in link made";
  if (kind === "linked") return "signed in by link";
  if (kind === "end_session") return `session ended: ${act.role ?? act.session}`;
  if (kind === "compare") return `compared with now, by ${act.read}: ${name}`;
  if (kind === "ended") return `grant ended, ${act.why}: ${act.about}`;
  if (kind === "reload") return reloaded(act);
  if (kind in GATEWAY) return name ? `${GATEWAY[kind]}: ${name}` : GATEWAY[kind];
  return `${act.answer ?? kind}: ${name ?? act.about ?? "?"}`;
}

function reloaded({ in_part, taken, reason }) {
  const words = in_part ? "reloaded in part" : taken ? "reloaded" : "not reloaded";
  return reason ? `${words}: ${reason}` : words;
}

function cell(label, ...content) {
  return el("td", { "data-label": label }, content);
}

function ending(outcome) {
  const bad = outcome.end !== "answered" || (outcome.status ?? 0) >= 400;
  return el(
    "span",
    { class: bad ? "bad" : "good" },
    `${ENDS[outcome.end] ?? outcome.end}${outcome.status === null ? "" : ` ${outcome.status}`}`,
  );
}

function about(call) {
  const { outcome, decision } = call;
  const people = call.approvers.map((one) => [el("bdi", {}, one.person), one.reason ? [": ", said(one.reason)] : null, " "]);
  const stages = outcome
    ? Object.entries(outcome.seconds)
        .map(([name, part]) => `${name} ${part.toFixed(3)} s`)
        .join(" · ")
    : "";
  const resources = Array.isArray(call.resources) ? call.resources.map((name) => el("li", {}, said(name))) : [];
  return el(
    "dl",
    { class: "rows" },
    [
      ["Call", call.sentence && !call.act ? said(title(call)) : null],
      ["What was done", call.act ? tree(call.act) : null],
      [call.act ? "Reason" : "Rule's reason", decision.reason === null ? null : said(decision.reason)],
      ["People", people.length ? people : null],
      ["Refused because", outcome?.reason ? said(outcome.reason) : null],
      ["Error", outcome?.error_code ? said(outcome.error_code) : null],
      ["Resources", resources.length ? el("ul", { class: "resources" }, resources) : null],
      ["Parameters", call.params === undefined || call.params === null ? null : record(call.params)],
      ["Stages", stages || null],
      ["Bytes", outcome?.bytes_in === undefined ? null : `${bytes(outcome.bytes_in)} in, ${bytes(outcome.bytes_out)} out`],
      ["By grant", !call.act && call.grant ? el("code", { class: "hash" }, call.grant) : null],
      ["Came from", call.agent_address === "-" ? null : said(call.agent_address)],
      ["Record", el("code", { class: "hash" }, call.seq === null ? call.id : `${call.id} · row ${call.seq}`)],
    ]
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

/** Parameters from the record: a tree, or a mark in place of one that was too large. */
function record(params) {
  return typeof params === "object" && !Array.isArray(params) ? tree(params) : said(JSON.stringify(params), "value");
}

/** The first resource of a call, and how many more there are. */
function resourcesOf({ resources }) {
  const named = Array.isArray(resources) ? resources.filter((one) => typeof one === "string") : [];
  if (!named.length) return null;
  return el("span", { class: "under" }, said(named[0]), resources.length > 1 ? ` and ${resources.length - 1} more` : null);
}

/** Who decided, and why; or why the gateway refused. */
function why({ approvers, decision, outcome, act }) {
  if (act) return null;
  const people = approvers.map((one) => one.person).join(", ");
  const reason = approvers.map((one) => one.reason).find(Boolean) ?? (decision.outcome === "allow" ? null : (outcome?.reason ?? decision.reason));
  if (!people && !reason) return null;
  return el("span", { class: "under" }, people ? ["by ", el("bdi", {}, people)] : null, people && reason ? ": " : null, reason ? said(reason) : null);
}

/** As `audit/search.py` reads the record, for rows that came live. */
export function fits(call, wanted) {
  const { decision, outcome, approvers } = call;
  const resources = Array.isArray(call.resources) ? call.resources.filter((one) => typeof one === "string") : [];
  const people = approvers.map((one) => one.person);
  const reasons = [decision.reason, ...approvers.map((one) => one.reason), outcome?.reason];
  const named = [call.agent, call.account, call.account_name, call.region, call.sentence, call.level, call.id, call.kind];
  const action = `${call.service ?? ""}:${call.action ?? ""}`;
  const all = [...named, action, decision.rule, ...resources, ...people, ...reasons, outcome?.error_code, outcome?.status];
  const has = (texts, part) => texts.some((text) => String(text ?? "").toLowerCase().includes(part.toLowerCase()));
  const tests = {
    text: (value) => value.split(/\s+/u).every((word) => has(all, word)),
    resource: (value) => has(resources, value),
    approver: (value) => has(people, value),
    reason: (value) => has(reasons, value),
    since: (value) => call.time >= micro(value),
    until: (value) => call.time < micro(value),
    decision: (value) => decision.outcome === value,
    end: (value) => outcome?.end === value,
  };
  return Object.entries(wanted).every(([name, value]) => tests[name](value));
}

/** A time as rows have it, with microseconds: they compare as texts. */
const micro = (time) => time.replace("Z", "000Z");
