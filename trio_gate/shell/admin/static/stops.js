// Stopping one agent or all, lifting stops, and the banners that show them to everyone.

import { button, capital, clock, el, said, toast } from "./dom.js";
import { SessionsList } from "./sessions.js";
import { state } from "./state.js";

const MAX_REASON = 1000;

export function stopBanners(channel) {
  return state.stops.map((stop) =>
    el(
      "div",
      { class: "banner stop" },
      el(
        "p",
        {},
        el("strong", {}, stop.agent === null ? "Everything is stopped" : ["Agent ", said(stop.agent), " is stopped"]),
        ` by ${stop.by} since ${clock(stop.at)}. `,
        stop.reason ? said(stop.reason) : "",
      ),
      state.me?.may_stop
        ? button("Lift", () => change(channel, { type: "lift", agent: stop.agent }), {
            class: "small",
            disabled: state.link !== "open",
          })
        : null,
    ),
  );
}

/** Notices of the gateway for approvers since its start. */
export function noticeBanners() {
  return state.notices.map((notice) => el("div", { class: "banner notice" }, el("p", {}, capital(notice), ".")));
}

async function change(channel, frame) {
  const whose = frame.agent === null ? "Everything" : `Agent ${frame.agent}`;
  try {
    await channel.ask(frame);
    toast(frame.type === "stop" ? `${whose} is stopped.` : `${whose} is no longer stopped.`, "good");
  } catch (problem) {
    toast(problem.message, "bad");
  }
}

export class StopsView {
  constructor(channel) {
    this.channel = channel;
    this.reason = el("input", {
      id: "stop-reason",
      type: "text",
      maxlength: MAX_REASON,
      placeholder: "shown to agents and people",
      autocomplete: "off",
    });
    this.list = el("ul", { class: "agents" });
    this.all = el("div", {});
    this.sessions = new SessionsList(channel);
    this.node = el(
      "div",
      { class: "page" },
      el("h1", { tabindex: "-1" }, "Stop"),
      el(
        "p",
        { class: "lead" },
        "Calls of a stopped agent are refused at once, and its waiting calls are withdrawn, until somebody lifts the stop.",
      ),
      el("label", { class: "field", for: "stop-reason" }, "Reason", this.reason),
      this.all,
      el("h2", {}, "One agent"),
      this.list,
      this.sessions.node,
    );
  }

  show() {
    this.all.replaceChildren(this.control(null, "Stop everything", "Everything is stopped"));
    this.list.replaceChildren(
      ...state.me.agents.map((agent) => el("li", {}, said(agent), this.control(agent, "Stop", "Stopped"))),
    );
    if (!state.me.agents.length)
      this.list.append(el("li", { class: "muted" }, "No agents are configured, so only everything can be stopped."));
    this.sessions.show();
  }

  control(agent, text, done) {
    const stop = state.stops.find((one) => one.agent === agent);
    const off = state.link !== "open";
    const label = agent === null ? null : `${stop ? "Lift the stop of" : "Stop"} agent ${agent}`;
    if (stop)
      return el(
        "span",
        { class: "stopped" },
        el("strong", {}, done),
        button("Lift", () => change(this.channel, { type: "lift", agent }), {
          class: "plain",
          disabled: off,
          "aria-label": label,
        }),
      );
    const control = button(text, () => this.stop(agent, control, text), {
      class: agent === null ? "danger big" : "danger",
      disabled: off,
      "aria-label": label,
    });
    return control;
  }

  stop(agent, control, text) {
    if (control.dataset.sure === undefined) {
      control.dataset.sure = "";
      control.removeAttribute("aria-label");
      control.textContent = agent === null ? "Press again: stop every agent" : `Press again: stop ${agent}`;
      setTimeout(() => {
        delete control.dataset.sure;
        control.textContent = text;
      }, 5000);
      return;
    }
    change(this.channel, { type: "stop", agent, reason: this.reason.value });
  }
}
