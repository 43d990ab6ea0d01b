// Sign-in: the token is sent once, in a header; the session is in a cookie that this page cannot read.

import { button, el } from "./dom.js";

const FAULTS = {
  401: "The gateway does not know this token.",
  429: "Too many wrong tokens were tried. Wait a moment and try again.",
  403: "This page was opened under an address that is not the gateway's. Use one of its own names.",
};

const USED = { ...FAULTS, 401: "This link was used already or is older than ten minutes. Make another one, or sign in with your token." };

/** The sign-in form; `entered` runs once the person is signed in. */
export function loginView(entered, why) {
  const token = el("input", {
    id: "token",
    type: "password",
    autocomplete: "current-password",
    autocapitalize: "off",
    spellcheck: "false",
    required: true,
    maxlength: 512,
    "aria-describedby": "token-help",
  });
  const fault = el("p", { class: "fault", role: "alert" }, why ?? "");
  const submit = el("button", { type: "submit", class: "primary" }, "Sign in");
  const form = el(
    "form",
    {
      class: "login",
      on: {
        submit: async (event) => {
          event.preventDefault();
          submit.disabled = true;
          fault.textContent = "";
          const problem = await signIn(token.value.trim());
          token.value = "";
          submit.disabled = false;
          if (problem === null) entered();
          else {
            fault.textContent = problem;
            token.focus();
          }
        },
      },
    },
    el("img", { src: "icon.svg", alt: "", width: 44, height: 44 }),
    el("h1", {}, "Approvals"),
    el("p", { class: "muted" }, "Decide what agents may do on AWS."),
    el("label", { for: "token" }, "Your token"),
    token,
    el(
      "p",
      { class: "muted small-text", id: "token-help" },
      "It begins with ",
      el("code", {}, "tg_"),
      ". ",
      el("code", {}, "trio-gate person new"),
      " creates one.",
    ),
    fault,
    submit,
  );
  return el("div", { class: "door" }, form);
}

/** A sign-in link was opened: its code is used up by one press, not by whatever opens the page. `failed` gets the reason. */
export function linkView(code, entered, failed) {
  const submit = button("Sign in", press, { class: "primary" });
  async function press() {
    submit.disabled = true;
    const problem = await begin(`Link ${code}`, USED);
    if (problem === null) entered();
    else failed(problem);
  }
  return el(
    "div",
    { class: "door" },
    el(
      "div",
      { class: "login" },
      el("img", { src: "icon.svg", alt: "", width: 44, height: 44 }),
      el("h1", {}, "Approvals"),
      el("p", {}, "This link signs this browser in, once. Go on only if you made it yourself with ", el("code", {}, "trio-gate person link"), "."),
      submit,
    ),
  );
}

async function signIn(token) {
  if (!/^[!-~]+$/.test(token)) return "A token has only letters, digits and punctuation, and no spaces.";
  return begin(`Bearer ${token}`, FAULTS);
}

/** Begin a session; null, or what is wrong. */
async function begin(authorization, faults) {
  try {
    const answer = await fetch("/v1/session", { method: "POST", headers: { Authorization: authorization }, cache: "no-store" });
    return answer.ok ? null : (faults[answer.status] ?? `The gateway answered ${answer.status}.`);
  } catch {
    return "The gateway cannot be reached.";
  }
}

export async function signOut() {
  await fetch("/v1/session", { method: "DELETE", cache: "no-store" });
}
