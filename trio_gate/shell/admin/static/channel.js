// The WebSocket to the gateway: connects, reconnects, and matches answers to requests.
// Rule: after every connection the current state is sent again; nothing from an earlier one is kept.

const PROTOCOLS = ["trio-gate.approvals.v1", "trio-gate.decided.v1"];
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const ANSWER_WITHIN = 10000;
const PROBE_EVERY = 20000;

export class Broken extends Error {}
export class Rejected extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Channel {
  /** `frame` gets every frame that is not an answer; `status` gets connecting, open, offline or signed-out, and why if the gateway said so. */
  constructor(frame, status) {
    this.frame = frame;
    this.status = status;
    this.socket = null;
    this.waits = new Map();
    this.count = 0;
    this.wait = FIRST_WAIT;
    this.timer = null;
    this.wanted = false;
    window.addEventListener("online", () => this.now());
    window.addEventListener("offline", () => this.drop());
    document.addEventListener("visibilitychange", () => this.look());
    setInterval(() => this.look(), PROBE_EVERY);
  }

  start() {
    this.wanted = true;
    this.now();
  }

  stop() {
    this.wanted = false;
    clearTimeout(this.timer);
    this.drop();
  }

  /** Connect now instead of after the pause. */
  now() {
    if (!this.wanted || this.socket) return;
    clearTimeout(this.timer);
    this.wait = FIRST_WAIT;
    this.connect();
  }

  async connect() {
    if (this.connecting) return;
    this.connecting = true;
    this.status("connecting");
    try {
      const answer = await fetch("/v1/session", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.status === 401) {
        this.wanted = false;
        this.status("signed-out");
      } else if (!answer.ok) this.later();
      else if (this.wanted) this.open();
    } catch {
      this.later();
    } finally {
      this.connecting = false;
    }
  }

  open() {
    const socket = new WebSocket(`wss://${location.host}/v1/approvals`, PROTOCOLS);
    this.socket = socket;
    const limit = setTimeout(() => socket.close(), ANSWER_WITHIN);
    socket.addEventListener("open", () => clearTimeout(limit));
    socket.addEventListener("message", (event) => {
      if (socket === this.socket) this.receive(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      clearTimeout(limit);
      if (socket === this.socket) this.drop(event.reason);
    });
  }

  /** Give up this connection and ignore whatever it still sends. */
  drop(why = "") {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    for (const { fail } of this.waits.values()) fail(new Broken("the connection broke before the answer came"));
    this.waits.clear();
    if (this.wanted) this.later(why);
  }

  later(why = "") {
    this.status("offline", why);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  receive(frame) {
    if (frame.type === "hello") {
      this.wait = FIRST_WAIT;
      this.status("open");
    }
    const waiting = frame.ref ? this.waits.get(frame.ref) : undefined;
    if (!waiting) {
      this.frame(frame);
      return;
    }
    this.waits.delete(frame.ref);
    if (frame.type === "rejected") waiting.fail(new Rejected(frame.code, frame.message));
    else waiting.done(frame);
  }

  /** Send a frame; resolves with its answer. Fails with Rejected, or with Broken if the outcome is unknown. */
  ask(frame) {
    return new Promise((done, fail) => {
      if (this.socket?.readyState !== WebSocket.OPEN) {
        fail(new Broken("there is no connection to the gateway"));
        return;
      }
      const ref = `r${(this.count += 1)}`;
      const timer = setTimeout(() => this.drop(), ANSWER_WITHIN);
      const settle = (then) => (value) => {
        clearTimeout(timer);
        then(value);
      };
      this.waits.set(ref, { done: settle(done), fail: settle(fail) });
      this.socket.send(JSON.stringify({ ...frame, ref }));
    });
  }

  /** A connection can die silently: ask for something that does not exist, and treat silence as a break. */
  async look() {
    if (!this.socket) this.now();
    else if (this.socket.readyState === WebSocket.OPEN && !this.waits.size) {
      await this.ask({ type: "detail", id: "0", part: "request" }).catch(() => {});
    }
  }
}
