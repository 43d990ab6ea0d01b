// The filter of the waiting list: words, level, agent and account. It hides rows; it never changes what waits.

import { capital, el } from "./dom.js";
import { accountOf, agentOf } from "./call.js";
import { state } from "./state.js";

const FEW = 5;

/** What a person chose, "" for any. It is a property of the option: in an attribute, a name of the agent's making could be more than text. */
const chosen = (select) => select.selectedOptions[0]?.meant ?? "";

const CHOICES = { level: (prompt) => prompt.level ?? "caution", agent: agentOf, account: accountOf };

export class Filter {
  /** `changed()` is called with each change. */
  constructor(changed) {
    this.words = el("input", { type: "search", "aria-label": "Filter calls by words", placeholder: "Filter", maxlength: 256, autocomplete: "off", spellcheck: "false", id: "filter" });
    this.selects = Object.fromEntries(Object.keys(CHOICES).map((name) => [name, el("select", { "aria-label": `Filter calls by ${name}`, name: `filter-${name}` })]));
    this.node = el("div", { class: "list-filter", on: { input: changed }, hidden: true }, this.words, Object.values(this.selects));
  }

  get on() {
    return Boolean(this.words.value.trim()) || Object.values(this.selects).some(chosen);
  }

  /** Offer what can be chosen now; with few calls there is no filter. */
  refresh() {
    const prompts = [...state.prompts.values()];
    for (const [name, select] of Object.entries(this.selects)) {
      const values = [...new Set(prompts.map(CHOICES[name]).concat(chosen(select) || []))].sort();
      const known = [...select.options].slice(1).map((option) => option.meant);
      if (values.join("\n") !== known.join("\n")) {
        const before = chosen(select);
        select.replaceChildren(option("", capital(name)), ...values.map((value) => option(value, value)));
        select.selectedIndex = values.indexOf(before) + 1;
      }
      select.hidden = values.length < 2 && !chosen(select);
    }
    this.node.hidden = prompts.length <= FEW && !this.on;
  }

  /** Whether a call is shown. */
  fits(prompt) {
    const texts = [agentOf(prompt), accountOf(prompt), prompt.account, prompt.region, prompt.rule, `${prompt.service}:${prompt.operation}`, prompt.sentence, ...(prompt.names ?? []), ...(prompt.resources ?? [])];
    const found = texts.filter(Boolean).join("\n").toLowerCase();
    const words = this.words.value.toLowerCase().trim().split(/\s+/u);
    return words.every((word) => found.includes(word)) && Object.entries(this.selects).every(([name, select]) => !chosen(select) || CHOICES[name](prompt) === chosen(select));
  }
}

function option(meant, text) {
  return Object.assign(el("option", {}, text), { meant });
}
