// The virtual sessions of agents: which roles they use, until when, and a button to end each.

import { button, clock, el, plural, said, toast } from "./dom.js";
import { state } from "./state.js";

export class SessionsList {
  constructor(channel) {
    this.channel = channel;
    this.fault = el("p", { class: "fault", role: "alert" });
    this.list = el("ul", { class: "agents sessions" });
    this.node = el(
      "section",
      { "aria-label": "Sessions" },
      el(
        "div",
        { class: "card-head" },
        el("h2", {}, "Sessions of roles"),
        button("Read again", () => this.show(), { class: "plain" }),
      ),
      this.fault,
      this.list,
    );
  }

  /** Ask for the sessions, and show the newest first. */
  async show() {
    if (state.link !== "open") return;
    try {
      const { sessions } = await this.channel.ask({ type: "sessions" });
      this.fault.textContent = "";
      this.list.replaceChildren(...sessions.reverse().map((session) => this.item(session)));
      if (!sessions.length) this.list.append(el("li", { class: "muted" }, "No agent uses a role."));
    } catch (problem) {
      this.fault.textContent = problem.message;
    }
  }

  item(session) {
    const agent = session.agent ?? "unnamed";
    const role = session.role ?? "the power of its own key";
    const control = button("End", () => this.end(session.id, control), {
      class: "danger",
      "aria-label": `End the session of ${agent} with ${role}`,
    });
    return el(
      "li",
      { "data-session": session.id },
      el(
        "span",
        {},
        said(agent),
        " as ",
        said(role),
        el("span", { class: "muted" }, ` in ${session.account}, since ${clock(session.started)}, until ${clock(session.expires)}`),
        session.chain.length > 1 ? el("span", { class: "muted" }, ", by way of ", said(session.chain.slice(0, -1).join(", "))) : null,
      ),
      control,
    );
  }

  async end(id, control) {
    if (control.dataset.sure === undefined) {
      control.dataset.sure = "";
      control.removeAttribute("aria-label");
      control.textContent = "Press again: end it";
      return;
    }
    try {
      const before = this.list.querySelectorAll("[data-session]").length;
      await this.channel.ask({ type: "end_session", id });
      await this.show();
      const ended = Math.max(1, before - this.list.querySelectorAll("[data-session]").length);
      toast(`${plural(ended, "session")} ended.`, "good");
    } catch (problem) {
      this.fault.textContent = problem.message;
    }
  }
}
