// The current state of the gateway, and listeners for changes.

const KEPT_CALLS = 500;
const KEPT_ENDED = 100;

export const state = {
  link: "connecting",
  why: "",
  me: null,
  skew: 0,
  prompts: new Map(),
  ended: new Map(),
  grants: new Map(),
  stops: [],
  notices: [],
  calls: [],
  missed: 0,
  opened: new Map(),
  confirmed: new Map(),
  coming: 0,
};

const listeners = [];

/** `listen(what, frame)`: what is hello, pending, again, updated, resolved, decided, grants, stops, activity, opened or link. */
export function subscribe(listen) {
  listeners.push(listen);
}

export function changed(what, detail) {
  for (const listen of listeners) listen(what, detail);
}

/** The gateway's time in milliseconds. */
export const now = () => Date.now() + state.skew;

/** Seconds until a time on the gateway's clock. */
export const until = (time) => (Date.parse(time) - now()) / 1000;

const readOf = (prompt) => state.opened.get(prompt.digest) ?? new Set();

/** Whether a person has read a part here. */
export const isRead = (prompt, part) => readOf(prompt).has(part);

/** What should be read before approving, and was not. All parameters opened together count for each of them, but not for code. */
export function unread(prompt) {
  const all = isRead(prompt, "params");
  return prompt.to_read.filter((one) => !isRead(prompt, one.part) && !(all && ["text", "parameters"].includes(one.what)));
}

/** What is folded because it may be secret, and was not opened. */
export function folded(prompt) {
  return prompt.not_shown.filter((one) => one.why === "masked" && !isRead(prompt, one.part));
}

export function markRead(prompt, part) {
  if (!state.opened.has(prompt.digest)) state.opened.set(prompt.digest, new Set());
  state.opened.get(prompt.digest).add(part);
  changed("opened", prompt);
}

/** The gateway knows of less than this page, and says so: everything is to be read again. */
export function forgetRead(prompt, why) {
  state.opened.delete(prompt.digest);
  changed("forgotten", { id: prompt.id, why });
}

/** Whether a person has confirmed a line of a task here. */
export const isConfirmed = (prompt, line) => Boolean(state.confirmed.get(prompt.id)?.has(line));

export function confirm(prompt, line, on) {
  const lines = state.confirmed.get(prompt.id) ?? new Set();
  lines[on ? "add" : "delete"](line);
  state.confirmed.set(prompt.id, lines);
  changed("opened", prompt);
}

/** The lines of a task that a person has to confirm and did not yet; none of a call. */
export const unconfirmed = (prompt) => (prompt.task?.dangers ?? []).filter((line) => !isConfirmed(prompt, line));

const applied = {
  hello(frame) {
    state.me = frame;
    state.skew = Date.parse(frame.now) - Date.now();
    state.before = state.prompts;
    state.prompts = new Map();
    state.grants = new Map();
    state.stops = frame.stops;
    state.notices = frame.notices;
    state.coming = frame.pending;
    changed("hello", frame);
    if (!frame.pending) settled();
  },
  pending({ prompt }) {
    const known = state.prompts.has(prompt.id);
    state.prompts.set(prompt.id, prompt);
    if (state.coming === 0) changed(known ? "again" : "pending", prompt);
    else if ((state.coming -= 1) === 0) settled();
  },
  updated(frame) {
    const prompt = state.prompts.get(frame.id);
    if (!prompt) return;
    const { approvers, detached, proposed } = frame;
    Object.assign(prompt, { approvers, detached, proposed });
    changed("updated", prompt);
  },
  resolved(frame) {
    const prompt = state.prompts.get(frame.id);
    state.prompts.delete(frame.id);
    state.confirmed.delete(frame.id);
    if (prompt) end(prompt, frame);
    changed("resolved", { ...frame, prompt });
  },
  decided(frame) {
    keep(frame);
    changed("decided", frame);
  },
  granted({ grant }) {
    state.grants.set(grant.id, grant);
    changed("grants", grant);
  },
  grant_ended(frame) {
    const grant = state.grants.get(frame.id);
    state.grants.delete(frame.id);
    changed("grants", grant);
  },
  stopped({ stop }) {
    state.stops = [...state.stops.filter((other) => other.agent !== stop.agent), stop];
    changed("stops", stop);
  },
  lifted({ agent }) {
    state.stops = state.stops.filter((other) => other.agent !== agent);
    changed("stops", null);
  },
  activity({ call, missed }) {
    state.missed += missed;
    state.calls = [call, ...state.calls.filter((other) => other.id !== call.id)].slice(0, KEPT_CALLS);
    changed("activity", call);
  },
};

/** A prompt has ended; `decided` says the same again, and what became of the call. */
function end(prompt, resolved) {
  keep({ call: prompt, ...resolved, outcome: null, at: new Date(now()).toISOString() });
}

function keep(ended) {
  state.ended.set(ended.id, ended);
  if (state.ended.size > KEPT_ENDED) state.ended.delete(state.ended.keys().next().value);
}

/** The current state is complete: prompts that are missing ended while the channel was down. */
function settled() {
  for (const prompt of state.before?.values() ?? []) {
    if (!state.prompts.has(prompt.id)) end(prompt, { id: prompt.id, status: "unknown", by: [], reason: "", grant: null });
  }
  state.before = undefined;
  changed("settled", null);
}

export function apply(frame) {
  applied[frame.type]?.(frame);
}
