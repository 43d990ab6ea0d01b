// The page as a whole: which view the address selects, what the keys do, and what the title says.

import { $, announce, button, capital, el, plural, toast } from "./dom.js";
import { ActivityView } from "./activity.js";
import { accountOf, agentOf, tick } from "./call.js";
import { Channel } from "./channel.js";
import { became } from "./decided.js";
import { GrantsView } from "./grants.js";
import { linkView, loginView, signOut } from "./login.js";
import { Notices } from "./notices.js";
import { apply, changed, state, subscribe } from "./state.js";
import { StopsView, noticeBanners, stopBanners } from "./stops.js";
import { Waiting } from "./waiting.js";

const WIDE = "(min-width: 860px)";
const LINKS = { connecting: "Connecting…", open: "Connected", offline: "Offline", "signed-out": "Signed out" };
const KEYS = [
  ["j  k", "next, previous call"],
  ["Enter", "read the selected call; press the focused button"],
  ["a", "focus Approve; Enter approves"],
  ["d", "deny: type a reason, Enter denies"],
  ["g", "grant"],
  ["1 – 4", "switch the view"],
  ["Esc", "close, go back"],
  ["?", "this help"],
];

const channel = new Channel(apply, linked);
const waiting = new Waiting(channel, go);
const views = { grants: new GrantsView(channel), activity: new ActivityView(channel), stop: new StopsView(channel) };
const notices = new Notices((id) => go(id));
let observing = false;

function linked(status, why = "") {
  const before = state.link;
  state.link = status;
  if (why || status === "open") state.why = why;
  if (status === "signed-out") {
    showLogin(before === "connecting" && !state.me ? null : "Your session has ended. Sign in again.");
    return;
  }
  if (status === "offline" && before !== "offline") observing = false;
  changed("link", status);
}

/** Select a call, or with null the list; `focus` moves the focus to it. */
function go(id, focus = false) {
  const to = id === null ? "#/waiting" : `#${id}`;
  if (location.hash !== to) {
    history.pushState(null, "", to);
    moved();
  }
  if (focus) requestAnimationFrame(() => $("call-title")?.focus());
}

function route() {
  const name = location.hash.slice(1);
  if (name.startsWith("/")) return { view: name.slice(1) || "waiting", id: null };
  return { view: "waiting", id: name || null };
}

function allowed(view) {
  return (
    view === "waiting" ||
    view === "grants" ||
    (view === "activity" && state.me?.may_observe) ||
    (view === "stop" && state.me?.may_stop)
  );
}

function draw() {
  if (!state.me) return;
  const { view, id } = route();
  const shown = allowed(view) ? view : "waiting";
  $("top").hidden = false;
  $("skip").hidden = false;
  document.body.dataset.view = shown;
  drawViews(shown);
  const made = shown === "waiting" ? waiting : views[shown];
  const moved = $("main").firstChild !== made.node;
  if (moved) $("main").replaceChildren(made.node);
  if (shown === "waiting") waiting.show(id ?? firstChoice());
  else views[shown].show();
  watch(shown === "activity");
}

/** On a wide screen a call is always selected. */
function firstChoice() {
  if (!matchMedia(WIDE).matches) return null;
  const { chosen, rows } = waiting;
  const stays = state.prompts.has(chosen) || state.ended.has(chosen) || waiting.group?.name === chosen || rows.some(({ key }) => key === chosen);
  return stays ? chosen : (rows[0]?.key ?? null);
}

function drawViews(shown) {
  const items = [
    ["waiting", "Waiting", state.prompts.size],
    ["grants", "Grants", state.grants.size],
    ...(state.me.may_observe ? [["activity", "Activity", 0]] : []),
    ...(state.me.may_stop ? [["stop", "Stop", 0]] : []),
  ];
  $("views").replaceChildren(
    ...items.map(([name, text, count]) =>
      el(
        "a",
        { href: `#/${name}`, "aria-current": name === shown ? "page" : null },
        text,
        count ? el("span", { class: "badge" }, String(count)) : null,
      ),
    ),
  );
}

const saying = el("span", {});

/** The banner of a lost connection: one element, as its button may be under a press while the rest is drawn again. */
const offline = el(
  "div",
  { class: "banner offline" },
  el(
    "p",
    {},
    el("strong", {}, "No connection to the gateway. "),
    saying,
    "This page may be out of date, and you cannot decide anything. Reconnecting…",
  ),
  button("Try now", () => channel.now(), { class: "small" }),
);

function drawLink() {
  const link = $("link");
  link.className = `link ${state.link}`;
  link.textContent = LINKS[state.link];
  saying.textContent = state.why ? `It said: ${state.why}. ` : "";
  if (state.link === "open" || !state.me) offline.remove();
  else if (!offline.isConnected) $("banners").prepend(offline);
  for (const banner of [...$("banners").children]) if (banner !== offline) banner.remove();
  $("banners").append(...stopBanners(channel), ...noticeBanners());
  document.body.classList.toggle("is-offline", state.link !== "open");
}

/** Subscribe to activity while its view is open. */
function watch(on) {
  if (!state.me?.may_observe || state.link !== "open" || on === observing) return;
  observing = on;
  channel.ask({ type: "observe", on }).catch(() => {
    observing = false;
  });
}

function title() {
  const count = state.prompts.size;
  document.title = `${count ? `(${count}) ` : ""}${state.link === "open" ? "" : "Offline · "}Approvals · trio-gate`;
  $("icon").href = count ? "icon-waiting.svg" : "icon.svg";
}

const heard = {
  hello() {
    $("who").textContent = state.me.person;
    notices.offer();
    if (!$("main").firstChild || $("main").querySelector(".door")) draw();
  },
  settled() {
    drawLink();
    draw();
    announce(state.prompts.size ? `${plural(state.prompts.size, "call")} waiting` : "Connected. No calls waiting.");
  },
  pending(prompt) {
    announce(`New call waiting: ${accountOf(prompt)}, ${prompt.level ?? ""} ${prompt.sentence ?? prompt.words}, by ${agentOf(prompt)}`);
    notices.show(prompt);
    if (!waiting.chosen) draw();
  },
  resolved({ id, prompt, status, by }) {
    notices.close(id);
    if (!prompt) return;
    const words =
      { approved: "Approved", denied: "Denied", expired: "Nobody answered in time", withdrawn: "Withdrawn" }[status] ?? status;
    toast(
      `${words}: ${prompt.sentence ?? prompt.words} in ${accountOf(prompt)}${by.length ? `, by ${by.join(", ")}` : ""}`,
      { approved: "good", denied: "bad" }[status] ?? "plain",
    );
  },
  decided(ended) {
    if (!ended.outcome || ended.outcome.at < state.me.now) return;
    const bad = ended.outcome.end !== "answered" || ended.outcome.status >= 400;
    toast(`${capital(became(ended))}: ${ended.call.sentence ?? ended.call.words} in ${accountOf(ended.call)}`, bad ? "bad" : "good");
    if (bad) notices.ended(ended);
  },
  link: () => {
    drawLink();
    if (state.me) draw();
    if (state.link === "offline" && state.me) announce("The connection to the gateway is lost.", true);
  },
  stops: drawLink,
};

subscribe((what, detail) => {
  heard[what]?.(detail);
  if (!state.me) return;
  const { view } = route();
  if (!(view in views)) waiting.changed(what, detail);
  else if (what === view || what === "stops" || (view === "activity" && what === "settled")) views[view].show();
  drawViews(allowed(view) ? view : "waiting");
  title();
});

/** The code of a sign-in link, which leaves the address at once, even in part; null without one. */
function linkCode() {
  const found = /^#link=([\w-]{43}$)?/.exec(location.hash);
  if (found) history.replaceState(null, "", "#/waiting");
  return found?.[1] ?? null;
}

/** Show a sign-in link in place of whatever this browser showed. */
function showLink(code) {
  channel.stop();
  state.link = "signed-out";
  showLogin(null);
  const again = () => channel.start();
  $("main").replaceChildren(linkView(code, again, (why) => showLogin(why)));
  $("main").querySelector("button").focus();
}

function showLogin(why) {
  state.me = null;
  observing = false;
  for (const kept of [state.prompts, state.ended, state.grants, state.opened, state.confirmed]) kept.clear();
  state.stops = [];
  state.calls = [];
  views.activity.begun = false;
  waiting.show(null);
  document.querySelector("dialog")?.close();
  $("top").hidden = true;
  $("skip").hidden = true;
  $("banners").replaceChildren();
  document.body.dataset.view = "login";
  $("main").replaceChildren(loginView(() => channel.start(), why));
  $("token").focus();
  document.title = "Approvals · trio-gate";
}

function help() {
  const close = button("Close", () => box.close(), { class: "primary" });
  const box = el(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    el("header", {}, el("h2", { id: "help-title" }, "Keys"), close),
    el(
      "dl",
      { class: "keys" },
      KEYS.map(([keys, text]) => [
        el(
          "dt",
          {},
          keys.split("  ").map((key) => el("kbd", {}, key)),
        ),
        el("dd", {}, text),
      ]),
    ),
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

const keys = {
  j: () => waiting.step(1),
  k: () => waiting.step(-1),
  a: () => waiting.bar?.key("a"),
  d: () => waiting.bar?.key("d"),
  g: () => waiting.bar?.key("g"),
  "?": help,
};

document.addEventListener("keydown", (event) => {
  if (!state.me || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog")) return;
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape") {
    if (waiting.bar?.asked) waiting.bar.ask(waiting.bar.asked);
    else if (!typing) go(null);
    return;
  }
  if (typing) return;
  const here = route().view === "waiting";
  const number = ["1", "2", "3", "4"].indexOf(event.key);
  if (number >= 0) $("views").children[number]?.click();
  else if (event.key === "Enter" && here && !event.target.closest("a, button, summary")) {
    if (!waiting.chosen) waiting.step(1);
    requestAnimationFrame(() => $("call-title")?.focus());
  } else if (event.key === "?" || (here && event.key in keys)) keys[event.key]();
  else return;
  event.preventDefault();
});

/** The address changed: show what it names, and move the focus there. */
function moved() {
  const code = linkCode();
  if (code) return showLink(code);
  draw();
  if (route().view !== "waiting") document.querySelector("#main h1")?.focus();
  else if (route().id === null) document.querySelector(".list-title")?.focus({ preventScroll: true });
  else if (!matchMedia(WIDE).matches) $("call-title")?.focus({ preventScroll: true });
}

window.addEventListener("hashchange", moved);
$("help").addEventListener("click", help);
$("leave").addEventListener("click", async () => {
  await signOut().catch(() => {});
  channel.stop();
  state.link = "signed-out";
  showLogin(null);
});
setInterval(tick, 500);
const code = linkCode();
if (code) showLink(code);
else channel.start();
