// Desktop notifications while the page is not in view: one for each new call, and for each approved one that failed.

import { $, plural, toast } from "./dom.js";
import { accountOf, agentOf } from "./call.js";
import { became } from "./decided.js";

export class Notices {
  /** `open(id)` shows a call. */
  constructor(open) {
    this.open = open;
    this.on = false;
    this.shown = new Map();
    $("notify").addEventListener("click", () => this.toggle());
  }

  offer() {
    if (!("Notification" in window)) return;
    $("notify").hidden = Notification.permission === "denied";
    if (Notification.permission === "granted") this.set(true);
  }

  async toggle() {
    if (!this.on && (await Notification.requestPermission()) !== "granted") {
      toast("The browser does not allow notifications for this page.", "bad");
      this.offer();
      return;
    }
    this.set(!this.on);
  }

  set(on) {
    this.on = on;
    $("notify").setAttribute("aria-pressed", String(on));
    $("notify").textContent = on ? "Notifying" : "Notify me";
  }

  /** A call waits. */
  show(prompt) {
    const body = `${prompt.level ? `${prompt.level} · ` : ""}${agentOf(prompt)} · ${prompt.service} in ${prompt.region}`;
    const { task } = prompt; // in whose sentence the agent says what for
    const what = task ? `a task of up to ${plural(task.uses, "call")}` : (prompt.sentence ?? prompt.words);
    this.tell(prompt.id, `${accountOf(prompt)}: ${what}`, { body, requireInteraction: true });
  }

  /** A call that was approved did not do what it should. */
  ended(ended) {
    const { id, call } = ended;
    this.tell(id, `${accountOf(call)}: ${became(ended)}`, { body: call.sentence ?? call.words });
  }

  tell(id, title, more) {
    if (!this.on || (document.visibilityState === "visible" && document.hasFocus())) return;
    try {
      const notice = new Notification(title, { ...more, tag: id, icon: "icon-waiting.svg" });
      notice.addEventListener("click", () => {
        window.focus();
        this.open(id);
        notice.close();
      });
      this.shown.set(id, notice);
    } catch {
      this.set(false); // some phone browsers have the class but do not support it
    }
  }

  close(id) {
    this.shown.get(id)?.close();
    this.shown.delete(id);
  }
}
