// Grants: approvals of future calls, each with what it covers and a button to revoke it.

import { button, clock, el, plural, said, toast } from "./dom.js";
import { accountOf, agentOf, tick } from "./call.js";
import { state } from "./state.js";

const KINDS = {
  once: "the next equal call",
  exact: "equal calls",
  predicate: "calls for which a condition is true",
  task: "the calls of a task",
};

export class GrantsView {
  constructor(channel) {
    this.channel = channel;
    this.list = el("div", { class: "cards" });
    this.node = el(
      "div",
      { class: "page" },
      el("h1", { tabindex: "-1" }, "Grants"),
      el("p", { class: "lead" }, "Approvals of future calls. Each is for one agent, and for one account and rule or those of a task."),
      this.list,
    );
  }

  show() {
    const grants = [...state.grants.values()].sort((one, other) => one.expires_at.localeCompare(other.expires_at));
    this.list.replaceChildren(...grants.map((grant) => this.card(grant)));
    if (!grants.length) this.list.append(el("p", { class: "empty" }, "No grants."));
    tick();
  }

  card(grant) {
    const title = el(
      "h2",
      {},
      said(accountOf(grant)),
      el("span", { class: "muted" }, ` ${KINDS[grant.kind]}`),
    );
    const fault = el("p", { class: "fault", role: "alert" });
    const revoke = button("Revoke", () => this.revoke(grant, revoke, fault), {
      class: "danger",
      disabled: state.link !== "open",
      "aria-label": `Revoke the grant for ${agentOf(grant)}`,
    });
    return el(
      "article",
      { class: "card", "data-grant": grant.id },
      el("div", { class: "card-head" }, title, revoke),
      el("p", {}, "Given for ", said(grant.about), "."),
      grant.predicate === null ? null : el("pre", { class: "cel", "aria-label": "Condition" }, said(grant.predicate)),
      el(
        "dl",
        { class: "rows" },
        el("dt", {}, "Agent"),
        el("dd", {}, said(agentOf(grant))),
        el("dt", {}, grant.rules ? "Rules" : "Rule"),
        el("dd", {}, said((grant.rules ?? [grant.rule]).join(", "))),
        el("dt", {}, "Used"),
        el("dd", {}, `${grant.used} of ${grant.uses}`),
        el("dt", {}, "Ends"),
        el("dd", {}, "in ", el("b", { "data-countdown": grant.expires_at }, ""), ` at ${clock(grant.expires_at)}`),
        el("dt", {}, "Given by"),
        el("dd", {}, grant.by.join(", ")),
        el("dt", {}, "Digest"),
        el("dd", {}, el("code", { class: "hash" }, grant.digest)),
      ),
      fault,
    );
  }

  async revoke(grant, control, fault) {
    if (control.dataset.sure === undefined) {
      control.dataset.sure = "";
      control.textContent = "Revoke for good";
      setTimeout(() => {
        delete control.dataset.sure;
        control.textContent = "Revoke";
      }, 5000);
      return;
    }
    try {
      await this.channel.ask({ type: "revoke", id: grant.id });
      toast(`The grant for ${agentOf(grant)} was revoked with ${plural(grant.uses - grant.used, "use")} left.`, "good");
    } catch (problem) {
      fault.textContent = problem.message;
    }
  }
}
