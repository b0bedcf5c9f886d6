// @ts-check
/** Webhooks: where messages go, how it stands with them, one more, one less. */

import { ApiError, Asking, del, get, post } from "../common/api.js";
import { $, fill, h, say } from "../common/dom.js";
import { table } from "../insight/parts.js";
import { count } from "../insight/words.js";
import { bindCopy } from "../people/copy.js";
import { sure } from "./sure.js";

/**
 * @typedef {object} Hook
 * @property {string} id
 * @property {string} url
 * @property {string[]} events
 * @property {string} state on, failing or gone
 * @property {string} why what the receiver last answered, "" when it took everything
 * @property {number} waiting messages that are not taken yet
 */

const WORDS = /** @type {Record<string, string>} */ ({
  answered: "somebody answered",
  retracted: "an answer was taken back",
  "batch.done": "a batch was done",
  trained: "a model was trained",
  "stop.suggested": "stopping was suggested",
  "settings.changed": "a setting was changed",
});

/** @param {() => Promise<unknown>} act */
async function attempt(act) {
  fill($("hook-error"));
  fill($("hook-said"));
  try {
    await act();
    await loadHooks(true);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill($("hook-error"), error.message);
  }
}

/** @param {string} name @param {Hook} hook @param {() => Promise<unknown>} act */
function button(name, hook, act) {
  return h("button", { class: name === "Remove" ? "button danger" : "button", type: "button", "aria-label": `${name}: ${hook.url}`, onclick: () => void attempt(act) }, name);
}

/** @param {Hook} hook */
async function tryOut(hook) {
  const came = await post(`hooks/${hook.id}/test`, {}, 60_000);
  const why = [came.status, came.note].filter(Boolean).join(" ");
  if (came.ok) fill($("hook-said"), `${hook.url} took a test message.`);
  else fill($("hook-error"), `${hook.url} did not take a test message: ${why}.`);
}

/** @param {Hook} hook */
async function remove(hook) {
  const lost = hook.waiting ? ` ${count(hook.waiting)} messages that wait are not sent.` : "";
  if (!(await sure("Remove the webhook?", [`${hook.url} is told nothing any more.${lost}`], "Remove it"))) return;
  await del(`hooks/${hook.id}`);
  $("hook-made").hidden = true;
  say("The webhook is removed.");
}

/** @param {Hook} hook */
function row(hook) {
  const state = h("span", { class: hook.state === "on" ? "pill good" : "pill bad" }, hook.state);
  return [
    h("span", {}, h("span", { class: "url" }, hook.url), h("span", { class: "soft events" }, hook.events.join(", "))),
    hook.why ? h("span", {}, state, " ", h("span", { class: "soft" }, hook.why)) : state,
    count(hook.waiting),
    h(
      "span",
      { class: "links" },
      button("Test", hook, () => tryOut(hook)),
      hook.state !== "on" && button("Resume", hook, () => post(`hooks/${hook.id}/resume`)),
      button("Remove", hook, () => remove(hook)),
    ),
  ];
}

const asking = new Asking();
let due = false;

/** Show the webhooks as they stand. @param {boolean} [changed] by this page */
export async function loadHooks(changed = false) {
  const last = asking.anew();
  due ||= changed;
  /** @type {{hooks: Hook[], events: string[]}} */
  const { hooks, events } = await get("hooks");
  if (!last()) return;
  const within = $("hook-list").querySelector(":focus") !== null;
  // What is in focus is not taken from under somebody's hands.
  if (due || !within) {
    due = false;
    fill($("hook-list"), hooks.length ? table("Webhooks", ["address, and what it is told of", "state", ">waiting", ""], hooks.map(row)) : h("p", { class: "soft" }, "Nobody is told yet."));
    if (within) $("hook-list").focus();
  }
  if ($("hook-kinds").hasChildNodes()) return;
  fill($("hook-kinds"), ...events.map((kind) => h("label", {}, h("input", { type: "checkbox", value: kind, checked: true }), WORDS[kind] ?? kind)));
}

/** @param {Event} event */
async function add(event) {
  event.preventDefault();
  const url = /** @type {HTMLInputElement} */ ($("hook-url"));
  const events = [.../** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("#hook-kinds input:checked"))].map(({ value }) => value);
  await attempt(async () => {
    const made = await post("hooks", { url: url.value.trim(), events });
    url.value = "";
    $("hook-made").hidden = false;
    const secret = /** @type {HTMLInputElement} */ ($("hook-secret"));
    secret.value = made.secret;
    secret.focus();
    say("The webhook is added.");
  });
}

/** Begin to listen to the form. */
export function bindHooks() {
  $("hook-form").addEventListener("submit", (event) => void add(event));
  bindCopy("hook-copy", "hook-secret");
}
