// The bar below a call: approve, deny with a reason, grant; and what has not been shown yet.

import { button, el, plural, said, swatch, toast } from "./dom.js";
import { agentOf, accountOf } from "./call.js";
import { MAX_REASON, denyForm } from "./deny.js";
import { GrantPreview } from "./preview.js";
import { read, WHY } from "./reader.js";
import { bring, readFirst } from "./code.js";
import { folded, forgetRead, state, unconfirmed, unread } from "./state.js";

const MAX_PREDICATE = 4000;
const LONG_LABEL = 20;

/** The bar of a prompt. `refresh` updates it, `key` handles a key: approve, deny or grant. */
export function decisionBar(channel, prompt) {
  const bar = new Bar(channel, prompt);
  bar.refresh();
  return bar;
}

class Bar {
  constructor(channel, prompt) {
    this.channel = channel;
    this.prompt = prompt;
    this.hidden = el("div", { class: "not-shown", id: "not-shown" });
    this.offer = el("div", { class: "offer" });
    this.form = el("div", { class: "form" });
    this.fault = el("p", { class: "fault", role: "alert" });
    this.approve = button("Approve", () => this.approveOrRead(), {
      class: "primary",
      "aria-keyshortcuts": "a",
      "aria-describedby": "not-shown",
    });
    this.deny = button("Deny…", () => this.ask("deny"), { class: "danger", "aria-keyshortcuts": "d", "aria-expanded": "false" });
    this.anyway = button("Approve unread…", () => this.ask("unread"), { class: "quiet anyway", "aria-expanded": "false" });
    this.grant = button("Grant…", () => this.ask("grant"), {
      class: "plain",
      "aria-keyshortcuts": "g",
      "aria-expanded": "false",
    });
    const order = prompt.level === "danger" ? [this.deny, this.approve, this.grant] : [this.approve, this.deny, this.grant];
    this.buttons = el("div", { class: "buttons" }, order, this.anyway);
    this.node = el(
      "section",
      { class: "decide", "aria-label": "Decision" },
      this.hidden,
      this.offer,
      this.fault,
      this.form,
      this.buttons,
    );
    this.busy = false;
    this.asked = null;
  }

  /** Update the bar. */
  refresh() {
    const mine = this.prompt.approvers.some((group) => group.approved.includes(state.me.person));
    const live = state.link === "open" && !this.busy;
    const first = unread(this.prompt).length > 0 && !mine;
    this.approve.replaceChildren(...this.approveText(mine, first));
    this.approve.disabled = !live || mine;
    this.approve.classList.toggle("first", first || (unconfirmed(this.prompt).length > 0 && !mine));
    this.anyway.hidden = !first;
    this.anyway.disabled = !live;
    this.deny.disabled = !live;
    this.grant.hidden = !(state.me.may_grant && this.prompt.grantable);
    this.grant.disabled = !live || mine || first;
    for (const control of this.form.querySelectorAll("button[type=submit]")) control.disabled = !live;
    this.showHidden();
    this.showOffer(mine);
  }

  approveText(mine, first) {
    if (this.busy || mine) return [this.busy ? "Sending…" : "Approved by you"];
    if (first) return [readFirst(unread(this.prompt))];
    const lines = unconfirmed(this.prompt);
    if (lines.length) return [`Confirm ${lines.length > 1 ? `${lines.length} lines` : `line ${lines[0]}`} first`];
    return [swatch(this.prompt), `Approve in ${this.where()}`].filter(Boolean);
  }

  where() {
    const name = accountOf(this.prompt);
    return name.length > LONG_LABEL ? `${name.slice(0, LONG_LABEL)}…` : name;
  }

  /** Approve; where something is to be read or confirmed first, show that instead. */
  approveOrRead() {
    const [first] = unread(this.prompt);
    const [line] = unconfirmed(this.prompt);
    if (first) bring(this.channel, this.prompt, first);
    else if (line) document.querySelector(`[data-line="${line}"]`)?.focus();
    else this.send("approve", this.prompt.task ? { confirmed: this.prompt.task.dangers } : {});
  }

  /** What is unread where it is more than one part, and what stays folded as it may be secret. */
  showHidden() {
    const parts = unread(this.prompt);
    const secret = folded(this.prompt);
    this.hidden.replaceChildren(
      ...(parts.length > 1 ? [this.listed(`${plural(parts.length, "part")} to read`, parts)] : []),
      ...(secret.length ? [this.listed(`${plural(secret.length, "part")} not shown`, secret)] : []),
    );
  }

  listed(title, parts) {
    return el(
      "span",
      { class: "parts" },
      el("strong", {}, title),
      parts.slice(0, 6).map((part) => this.opener(part)),
      parts.length > 6 ? el("span", { class: "muted" }, `and ${parts.length - 6} more, in the call above`) : null,
    );
  }

  opener(part) {
    const open = () =>
      part.why ? read(this.channel, this.prompt, part.part, part.name, part.why) : bring(this.channel, this.prompt, part);
    return button(said(part.name || part.what || part.part), open, { class: "small", title: WHY[part.why] ?? part.what });
  }

  showOffer(mine) {
    const terms = this.prompt.proposed;
    const waiting = this.prompt.approvers.filter((group) => group.approved.length < group.quorum);
    const others = this.prompt.approvers.some((group) => group.quorum > 1) || this.prompt.approvers.length > 1;
    this.offer.replaceChildren();
    const note = grantNote(this.prompt, state.me.may_grant);
    if (note) this.offer.append(el("p", { class: "muted" }, note));
    if (others) {
      const left = waiting.map((group) => `${group.quorum - group.approved.length} more of ${group.id}`).join(", ");
      this.offer.append(el("p", {}, mine ? "You approved. " : "", `Still needed: ${left || "nobody"}.`));
    }
    if (!terms || mine) return;
    this.offer.append(
      el(
        "p",
        {},
        el("strong", {}, "A grant is proposed: "),
        `${plural(terms.uses, "later call")} within ${plural(terms.minutes, "minute")}, `,
        terms.predicate ? ["for which ", said(terms.predicate), " is true. "] : "equal to this one. ",
      ),
    );
    if (state.me.may_grant)
      this.offer.append(
        button("Approve with this grant", () => this.send("approve", { grant: terms }), {
          class: "small",
          disabled: this.busy || state.link !== "open" || unread(this.prompt).length > 0,
        }),
      );
  }

  /** Show or hide the form for "deny", "grant" or "unread". */
  ask(kind) {
    const opening = this.asked !== kind;
    const openers = { deny: this.deny, grant: this.grant, unread: this.anyway };
    const forms = { deny: () => denyForm((reason) => this.send("deny", { reason }), () => this.ask("deny")), grant: () => this.grantForm(), unread: () => this.unreadForm() };
    this.asked = opening ? kind : null;
    for (const [name, opener] of Object.entries(openers)) opener.setAttribute("aria-expanded", String(this.asked === name));
    this.form.replaceChildren(...(opening ? [forms[kind]()] : []));
    this.buttons.hidden = opening;
    if (opening) this.form.querySelector("textarea, input").focus();
    else openers[kind].focus();
  }

  unreadForm() {
    const reason = el("textarea", { id: "why-unread", rows: "2", maxlength: MAX_REASON });
    const submit = (event) => {
      event.preventDefault();
      this.send("approve", { reason: reason.value, unread: true });
    };
    const parts = unread(this.prompt);
    const names = parts.slice(0, 6).map((part, index) => [index ? ", " : "", `the ${part.what} `, part.name ? said(part.name) : null]);
    return el(
      "form",
      { on: { submit } },
      el("p", {}, "You have not read ", names, parts.length > 6 ? ` and ${parts.length - 6} more` : "", ". The record will say so."),
      el("label", { for: "why-unread" }, "Why unread", el("span", { class: "muted" }, " may be empty")),
      reason,
      this.ends("unread", `Approve unread in ${this.where()}`, "danger"),
    );
  }

  grantForm() {
    const { max_minutes: most, max_uses: many } = state.me;
    const minutes = el("input", {
      id: "minutes",
      type: "number",
      min: 1,
      max: most,
      value: Math.min(30, most),
      required: true,
      inputmode: "numeric",
    });
    const uses = el("input", {
      id: "uses",
      type: "number",
      min: 1,
      max: many,
      value: Math.min(5, many),
      required: true,
      inputmode: "numeric",
    });
    const exact = el("input", { type: "radio", name: "which", checked: true });
    const some = el("input", { type: "radio", name: "which" });
    const predicate = el("textarea", {
      id: "predicate",
      rows: "3",
      maxlength: MAX_PREDICATE,
      spellcheck: "false",
      autocapitalize: "off",
      class: "cel",
      disabled: true,
      value: this.prompt.suggestion ?? "",
      "aria-label": "Condition in CEL",
    });
    const sum = el("p", { class: "sum", role: "status" });
    const effect = new GrantPreview(this.channel, this.prompt);
    const say = () => {
      predicate.disabled = exact.checked;
      predicate.required = some.checked;
      sum.replaceChildren(...this.inWords(minutes.value, uses.value, some.checked ? predicate.value : null));
      effect.about(some.checked ? predicate.value.trim() : null);
    };
    const submit = (event) => {
      event.preventDefault();
      this.send("approve", {
        grant: { uses: Number(uses.value), minutes: Number(minutes.value), predicate: some.checked ? predicate.value : null },
      });
    };
    const form = el(
      "form",
      { on: { submit, input: say, change: say } },
      el(
        "div",
        { class: "pair" },
        el("label", {}, el("span", {}, "Minutes ", el("span", { class: "muted" }, `up to ${most}`)), minutes),
        el("label", {}, el("span", {}, "Later calls ", el("span", { class: "muted" }, `up to ${many}`)), uses),
      ),
      el(
        "fieldset",
        {},
        el("legend", {}, "Which calls"),
        el("label", { class: "choice" }, exact, "Only calls equal to this one"),
        el("label", { class: "choice" }, some, "Calls for which a condition is true"),
        predicate,
      ),
      sum,
      effect.node,
      this.ends("grant", "Approve and grant", "primary"),
    );
    say();
    return form;
  }

  inWords(minutes, uses, predicate) {
    const { prompt } = this;
    return [
      "Approves this call, and for ",
      el("b", {}, plural(Number(minutes) || 0, "minute")),
      " up to ",
      el("b", {}, plural(Number(uses) || 0, "later call")),
      " of ",
      said(agentOf(prompt)),
      " in ",
      said(accountOf(prompt)),
      " under the rule ",
      said(prompt.rule),
      ", ",
      ...(predicate === null
        ? ["equal to this one."]
        : ["for which this is true: ", el("code", { class: "cel" }, predicate || "…")]),
    ];
  }

  ends(kind, text, look) {
    return el(
      "div",
      { class: "buttons" },
      el("button", { type: "submit", class: look }, text),
      button("Cancel", () => this.ask(kind), { class: "plain" }),
    );
  }

  async send(verdict, more = {}) {
    if (this.busy) return;
    this.busy = true;
    this.fault.textContent = "";
    this.refresh();
    const { id, digest } = this.prompt;
    try {
      const answer = await this.channel.ask({ type: "decide", id, digest, verdict, unread: false, ...more });
      if (this.asked) this.ask(this.asked);
      if (answer.status === "pending") toast("Your approval was counted. Others must approve too.", "good");
    } catch (fault) {
      if (fault.code === "unread") forgetRead(this.prompt, fault.message);
      this.fault.textContent = fault.code === undefined ? `${fault.message}. Check again once the connection is back.` : fault.message;
    }
    this.busy = false;
    this.refresh();
  }

  /** A key moves the focus to its button or opens its form; Enter confirms. */
  key(name) {
    if (this.asked) this.ask(this.asked);
    if (name === "a" && !this.approve.disabled) this.approve.focus();
    if (name === "d" && !this.deny.disabled) this.ask("deny");
    if (name === "g" && !this.grant.hidden && !this.grant.disabled) this.ask("grant");
  }
}

/** What a person should know about grants before answering; null where there is nothing to say. */
function grantNote({ task, grantable }, mayGrant) {
  if (task && !mayGrant) return "You may deny a task. To approve one, your person block needs may_grant.";
  if (task) return "Approved, each of these calls goes through without asking. Revoke it under Grants.";
  if (mayGrant && !grantable) return "Calls that return credentials, or may do so, are approved one by one: no grant can be made.";
  return null;
}
