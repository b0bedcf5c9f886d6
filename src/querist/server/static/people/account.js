// @ts-check
/** One's own account: tokens to make and revoke, browsers to log out. */

import { base, del, get, post } from "../common/api.js";
import { h } from "../common/dom.js";
import { bindThemeButton } from "../common/theme.js";
import { bindCopy } from "./copy.js";

/**
 * @typedef {object} Key
 * @property {number} id
 * @property {string} label
 * @property {number} made seconds since 1970
 * @property {number | null} used
 * @property {boolean} [this] whether it is the session of this page
 */

const said = /** @type {HTMLElement} */ (document.getElementById("said"));

/** @param {number | null} seconds */
function when(seconds) {
  if (seconds === null) return "never";
  return new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/**
 * Do something, and show in words what went wrong.
 * @param {() => Promise<unknown>} act
 */
async function attempt(act) {
  said.textContent = "";
  try {
    await act();
  } catch (error) {
    said.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** A browser as people call it; the whole of what it said is in the title. @param {string} agent */
function browserOf(agent) {
  /** @param {[string, RegExp][]} names */
  const first = (names) => names.find(([, sign]) => sign.test(agent))?.[0];
  const name = first([["Edge", /Edg/], ["Opera", /OPR\//], ["Firefox", /Firefox|FxiOS/], ["Chrome", /Chrom|CriOS/], ["Safari", /Safari/]]);
  const system = first([["Android", /Android/], ["iOS", /iPhone|iPad/], ["Windows", /Windows/], ["macOS", /Mac OS/], ["Linux", /Linux/]]);
  return name ? [name, system].filter(Boolean).join(", ") : agent.slice(0, 60) || "Unknown";
}

/**
 * @param {string} place id of the table's body
 * @param {"tokens" | "sessions"} kind
 * @param {string} word what the button says
 */
async function list(place, kind, word) {
  const body = document.getElementById(place);
  if (!body) return;
  /** @type {Key[]} */
  const keys = (await get(kind))[kind];
  body.replaceChildren(
    ...keys.map((key) =>
      h(
        "tr",
        {},
        h("td", { title: key.label }, kind === "sessions" ? browserOf(key.label) : key.label),
        h("td", { class: "made" }, when(key.made)),
        h("td", {}, when(key.used)),
        h("td", {}, key.this ? h("span", { class: "pill" }, "this one") : end(place, kind, word, key)),
      ),
    ),
  );
}

/**
 * @param {string} place
 * @param {"tokens" | "sessions"} kind
 * @param {string} word
 * @param {Key} key
 */
function end(place, kind, word, key) {
  return h(
    "button",
    {
      class: "button danger",
      type: "button",
      "aria-label": `${word} ${key.label}`,
      onclick: () =>
        attempt(async () => {
          await del(`${kind}/${key.id}`);
          await list(place, kind, word);
        }),
    },
    word,
  );
}

const tokens = () => list("tokens", "tokens", "Revoke");
const sessions = () => list("sessions", "sessions", "End");

const form = document.getElementById("make");
if (form instanceof HTMLFormElement) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const label = /** @type {HTMLInputElement} */ (document.getElementById("label"));
      const made = await post("tokens", { label: label.value });
      const secret = /** @type {HTMLInputElement} */ (document.getElementById("secret"));
      secret.value = made.token;
      const shown = document.getElementById("made");
      if (shown) shown.hidden = false;
      label.value = "";
      secret.focus();
      await tokens();
    });
  });
  attempt(async () => {
    await tokens();
    await sessions();
  });
}

document.getElementById("leave")?.addEventListener("click", () =>
  attempt(async () => {
    await post(`${base}/logout`);
    location.assign(`${base}/login`);
  }),
);

bindCopy("copy", "secret");
bindThemeButton();
