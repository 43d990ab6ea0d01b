// Desktop notifications: one for each new call while the page is not in view.

import { $, toast } from "./dom.js";
import { accountOf, agentOf } from "./call.js";

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

  show(prompt) {
    if (!this.on || (document.visibilityState === "visible" && document.hasFocus())) return;
    try {
      const notice = new Notification(`${accountOf(prompt)}: ${prompt.sentence ?? prompt.words}`, {
        body: `${prompt.level ? `${prompt.level} · ` : ""}${agentOf(prompt)} · ${prompt.service} in ${prompt.region}`,
        tag: prompt.id,
        icon: "icon-waiting.svg",
        requireInteraction: true,
      });
      notice.addEventListener("click", () => {
        window.focus();
        this.open(prompt.id);
        notice.close();
      });
      this.shown.set(prompt.id, notice);
    } catch {
      this.set(false); // some phone browsers have the class but do not support it
    }
  }

  close(id) {
    this.shown.get(id)?.close();
    this.shown.delete(id);
  }
}
