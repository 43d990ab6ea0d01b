// Waiting calls: a list, and beside or instead of it the selected one.

import { button, does, el, levelOf, plural, rank, said, swatch } from "./dom.js";
import { accountOf, agentOf, callView, group, leaving, tick } from "./call.js";
import { decidedList, endedView } from "./decided.js";
import { decisionBar } from "./decide.js";
import { Filter } from "./filter.js";
import { Group, groupTitle, isGroup, isIn, rowsOf } from "./groups.js";
import { state, unread } from "./state.js";

const DRAW_EVERY = 150;

export class Waiting {
  /** `go(id)` selects a call, null none. */
  constructor(channel, go) {
    this.channel = channel;
    this.go = go;
    this.chosen = undefined;
    this.timer = null;
    this.drawn = -DRAW_EVERY;
    this.list = el("ul", { class: "calls", id: "calls" });
    this.title = el("h1", { class: "list-title", tabindex: "-1" });
    this.filter = new Filter(() => {
      this.drawList();
      if (this.group) this.showCall();
    });
    this.decided = el("div", { class: "decided-list" });
    this.aside = el("div", { class: "list", role: "region", "aria-label": "Waiting calls" }, this.title, this.filter.node, this.list, this.decided);
    this.detail = el("article", { class: "call", "aria-labelledby": "call-title" });
    this.node = el("div", { class: "waiting" }, this.aside, this.detail);
    this.bar = null;
  }

  /** The calls that wait, the most serious first, then the oldest; those of equal shape in one row. */
  get rows() {
    return rowsOf(this.order);
  }

  get order() {
    return [...state.prompts.values()].filter((prompt) => this.filter.fits(prompt)).sort(
      (one, other) =>
        rank(one) - rank(other) || one.asked_at.localeCompare(other.asked_at) || one.id.localeCompare(other.id),
    );
  }

  /** Show the list, and the call with this id. */
  show(id) {
    const other = id !== this.chosen;
    this.chosen = id;
    this.drawList();
    if (other) this.showCall();
  }

  /** Draw the list, at once or, if many changes come, after a moment. */
  refreshList() {
    if (this.timer) return;
    const wait = DRAW_EVERY - (performance.now() - this.drawn);
    if (wait <= 0) this.drawList();
    else this.timer = setTimeout(() => this.drawList(), wait);
  }

  drawList() {
    clearTimeout(this.timer);
    this.timer = null;
    const { order, rows } = this;
    const { call: focused, decided } = document.activeElement?.dataset ?? {};
    const all = state.prompts.size;
    this.filter.refresh();
    this.title.textContent = all ? `${this.filter.on ? `${order.length} of ` : ""}${plural(all, "call")} waiting` : "No calls waiting";
    this.list.replaceChildren(...rows.map((row) => this.item(row)));
    if (!order.length)
      this.list.append(el("li", { class: "empty" }, el("p", {}, all ? "None that fits the filter." : "When an agent's call needs you, it appears here.")));
    this.decided.replaceChildren(...(decidedList(this.chosen) ?? []));
    if (decided) this.decided.querySelector(`[data-decided="${CSS.escape(decided)}"]`)?.focus();
    if (focused) this.list.querySelector(`[data-call="${CSS.escape(focused)}"]`)?.focus();
    tick();
    this.drawn = performance.now();
  }

  item({ key, prompts }) {
    const [prompt] = prompts;
    const hidden = unread(prompt).length;
    const many = prompts.length > 1;
    const here = key === this.chosen || (isGroup(key) && prompts.some((one) => one.id === this.chosen));
    return el(
      "li",
      {},
      el(
        "a",
        { href: `#${key}`, class: prompt.level ?? "caution", "data-call": key, "aria-current": here ? "true" : null },
        el(
          "span",
          { class: "item-top" },
          el("span", { class: "item-where" }, swatch(prompt), said(accountOf(prompt), "item-account")),
          el("b", { "data-countdown": prompts.map((one) => one.expires_at).sort()[0], class: "item-left" }, ""),
        ),
        el("span", { class: "item-words" }, many ? groupTitle(prompts) : does(prompt)),
        el("span", { class: "item-more" }, el("span", {}, prompt.service), " · ", el("bdi", {}, agentOf(prompt))),
        el(
          "span",
          { class: "tags" },
          levelOf(prompt),
          hidden ? el("span", { class: "tag" }, `${hidden} unread`) : null,
          prompts.every((one) => one.detached) ? el("span", { class: "tag" }, "agent disconnected") : null,
          prompts.some((one) => one.approvers.some((group) => group.approved.length)) ? el("span", { class: "tag" }, "partly approved") : null,
        ),
      ),
    );
  }

  showCall() {
    const prompt = state.prompts.get(this.chosen);
    const ended = state.ended.get(this.chosen);
    this.bar = null;
    this.node.classList.toggle("one", Boolean(this.chosen));
    const back = button("‹ All calls", () => this.go(null), { class: "quiet back" });
    this.group = null;
    if (isGroup(this.chosen) && this.showGroup(back)) {
      this.bar = this.group;
    } else if (prompt) {
      this.bar = decisionBar(this.channel, prompt);
      const body = el("div", { class: "call-body" }, callView(this.channel, prompt).filter(Boolean));
      this.detail.replaceChildren(back, body, this.bar.node);
    } else if (ended) this.detail.replaceChildren(back, endedView(ended), this.nextOne());
    else if (this.chosen && state.link === "open") {
      this.detail.replaceChildren(
        back,
        el(
          "div",
          { class: "ended" },
          el("h1", { id: "call-title", tabindex: "-1" }, isGroup(this.chosen) ? "None of these calls waits" : "This call is not waiting"),
          el("p", { class: "muted" }, isGroup(this.chosen) ? "“Decided”, below the list, says what became of each." : "It was decided, has ended, or is not for you."),
        ),
        this.nextOne(),
      );
    } else
      this.detail.replaceChildren(
        el(
          "div",
          { class: "blank" },
          el("h1", { id: "call-title" }, this.order.length ? "Select a call" : "No calls waiting"),
          el(
            "p",
            { class: "muted" },
            this.order.length
              ? "Press j for the next one, ? for all keys."
              : "Leave this page open: its title shows how many calls wait.",
          ),
        ),
      );
    this.detail.scrollTop = 0;
    window.scrollTo(0, 0);
    tick();
  }

  /** Show the selected group as it is now; false where none of it waits. */
  showGroup(back) {
    const prompts = this.order.filter((prompt) => isIn(prompt, this.chosen));
    if (!prompts.length) return false;
    this.group = new Group(this.channel, this.chosen, prompts, () => this.showCall());
    this.detail.replaceChildren(back, this.group.body, this.group.bar);
    return true;
  }

  nextOne() {
    const [next] = this.rows;
    if (!next) return el("div", { class: "next" }, el("p", { class: "muted" }, "No other calls waiting."));
    const [prompt] = next.prompts;
    return el(
      "div",
      { class: "next" },
      el("p", {}, swatch(prompt), " ", said(accountOf(prompt), "item-account"), " ", levelOf(prompt), " ", next.prompts.length > 1 ? groupTitle(next.prompts) : does(prompt)),
      button(`Next waiting call (${this.order.length})`, () => this.go(next.key, true), { class: "primary" }),
    );
  }

  /** Update the screen without moving a button that a person may be about to press. */
  changed(what, detail) {
    this.refreshList();
    if (!this.chosen) this.showCall();
    if ((what === "resolved" || what === "decided") && detail.id === this.chosen) this.ended();
    if (what === "grants" && state.ended.has(this.chosen)) this.ended();
    if (this.chosen && (what === "settled" || (what === "again" && detail.id === this.chosen))) this.settled();
    if (what === "forgotten" && detail.id === this.chosen) this.readAgain(detail.why);
    if (what === "updated" && detail.id === this.chosen) this.updated(detail);
    if (this.group && !this.group.busy && !this.group.shown.some(({ id }) => state.prompts.has(id))) this.ended();
    this.bar?.refresh();
    this.renewNext();
  }

  /** Draw the way to the next call again; a focus in it stays there. */
  renewNext() {
    const before = this.detail.querySelector(".next");
    if (!before) return;
    const inside = before.contains(document.activeElement);
    const after = this.nextOne();
    before.replaceWith(after);
    if (inside) after.querySelector("button")?.focus();
  }

  /** The selected call has ended; the focus stays in it if it was there. */
  ended() {
    const inside = this.detail.contains(document.activeElement) || document.activeElement === document.body;
    this.showCall();
    if (inside) (this.detail.querySelector(".next button") ?? this.detail.querySelector("h1"))?.focus();
  }

  readAgain(why) {
    this.showCall();
    if (this.bar) this.bar.fault.textContent = why;
  }

  settled() {
    if (isGroup(this.chosen)) return;
    const prompt = state.prompts.get(this.chosen);
    if (prompt && this.bar?.prompt.digest === prompt.digest) this.bar.prompt = prompt;
    else this.showCall();
    if (prompt) this.updated(prompt);
  }

  updated(prompt) {
    const groups = this.detail.querySelector("[data-groups]");
    groups?.replaceChildren(...prompt.approvers.map(group));
    this.detail.querySelector(".leaving")?.replaceChildren(...[leaving(prompt)].filter(Boolean));
  }

  /** Select the call after or before the selected one. */
  step(by) {
    const { rows } = this;
    if (!rows.length) return;
    const at = rows.findIndex(({ key, prompts }) => key === this.chosen || prompts.some((prompt) => prompt.id === this.chosen));
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + by));
    this.go(rows[next].key);
    this.list.querySelector(`[data-call="${CSS.escape(rows[next].key)}"]`)?.scrollIntoView({ block: "nearest" });
  }
}
