// What a grant would let through, asked of the gateway while its form is filled in.

import { FACT, capital, clock, does, el, levelOf, plural, rank, said } from "./dom.js";
import { state } from "./state.js";

const PAUSE = 400;
const MOST_LISTED = 20;

/** A grant's preview. Rule: of the calls that it lets go, none that is more than a fact is left out. */
export class GrantPreview {
  constructor(channel, prompt) {
    this.channel = channel;
    this.prompt = prompt;
    this.node = el("div", { class: "preview", role: "status", "aria-label": "What the grant lets through" });
    this.wanted = undefined;
    this.timer = null;
    this.busy = false;
  }

  /** Ask about a condition once typing pauses; null stands for calls equal to this one. */
  about(predicate) {
    if (predicate === this.wanted) return;
    this.wanted = predicate;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    if (this.busy || !this.node.isConnected) return;
    this.busy = true;
    const predicate = this.wanted;
    let shown = [];
    try {
      if (predicate !== "") shown = this.words(await this.channel.ask({ type: "preview", id: this.prompt.id, predicate }));
    } catch (fault) {
      shown = [el("p", { class: "fault" }, capital(fault.message))];
    }
    this.busy = false;
    if (predicate !== this.wanted) this.ask();
    else this.node.replaceChildren(...shown);
  }

  words(found) {
    const others = found.waiting.map((id) => state.prompts.get(id)).filter(Boolean).sort((one, other) => rank(one) - rank(other));
    const listed = Math.max(MOST_LISTED, others.filter((prompt) => rank(prompt) < FACT).length);
    return [
      this.prompt.task ? null : el("p", {}, el("strong", {}, "Lets through: "), said(found.words), "."),
      el("p", {}, counted(found, this.prompt)),
      el("p", {}, others.length ? `It lets ${plural(others.length, "other waiting call")} go, if it has the uses:` : "It lets none of the other waiting calls go."),
      others.length
        ? el(
            "ul",
            {},
            others.slice(0, listed).map((prompt) => el("li", {}, levelOf(prompt), " ", does(prompt))),
            others.length > listed ? el("li", { class: "muted" }, `and ${others.length - listed} more`) : null,
          )
        : null,
    ].filter(Boolean);
  }
}

/** How many of the recorded calls it would have covered, as far as that can be said. */
export function counted({ calls, covered, undecided, complete, since }, { task }) {
  const accounts = Object.keys(task?.accounts ?? {}).length > 1 ? "accounts" : "account";
  const whose = `for this agent, ${accounts} and rule${task?.rules.length > 1 ? "s" : ""}`;
  const when = complete ? "of the last day" : `since ${clock(since)}, as there are too many to look at all`;
  if (!calls) return `No call ${when} is recorded ${whose}.`;
  const many = undecided ? `at least ${covered} and at most ${covered + undecided}` : `${covered}`;
  const why = undecided ? ` The record masks or lacks what this needs to know of ${undecided}.` : "";
  return `It would have covered ${many} of the ${plural(calls, "recorded call")} ${when} ${whose}.${why}`;
}
