// @ts-check
/** The sheet of keys, where each can be changed, and the sheet of answers that were refused. */

import { fill, h } from "../common/dom.js";
import { ACTIONS, nameOf, tokenOf } from "./keys.js";
import { gist, words } from "./views.js";

/** @import { Action, Keys } from "./keys.js" */
/** @import { Outbox } from "./outbox.js" */
/** @import { Refusal } from "./types.js" */

/**
 * Show all keys.
 * @param {HTMLDialogElement} dialog
 * @param {Keys} keys
 * @param {{labels: string[], tokens: string[], unused: Action[]}} board what this campaign asks
 * @param {() => void} changed
 */
export function showKeys(dialog, keys, board, changed) {
  /** @type {Action | null} */
  let waiting = null;
  const problem = h("p", { class: "error", role: "alert" });
  const table = h("dl", { class: "keys" });

  function draw() {
    const labels = board.labels
      .map((label, at) => ({ label, token: board.tokens[at] ?? "" }))
      .filter(({ token }) => token);
    fill(
      table,
      ...labels.map(({ label, token }) => row(label, h("kbd", { class: "key" }, nameOf(token)))),
      ...(/** @type {Action[]} */ (Object.keys(ACTIONS))).filter((action) => !board.unused.includes(action)).map((action) =>
        row(
          ACTIONS[action].says,
          h(
            "button",
            {
              type: "button",
              class: "button rebind",
              "data-action": action,
              "aria-label": `${ACTIONS[action].says}: ${keys.of(action)}. Change`,
              onclick: () => {
                waiting = action;
                problem.textContent = "";
                draw();
                focus(action);
              },
            },
            waiting === action ? "Press a key" : h("kbd", { class: "key" }, nameOf(keys.of(action))),
          ),
        ),
      ),
    );
  }

  /** @param {KeyboardEvent} event */
  function hear(event) {
    if (!waiting) return;
    event.preventDefault();
    event.stopPropagation();
    const action = waiting;
    waiting = null;
    if (event.key !== "Escape") problem.textContent = keys.remap(action, tokenOf(event));
    draw();
    changed();
    focus(action);
  }

  /** The buttons are new after each change. @param {Action} action */
  function focus(action) {
    const button = table.querySelector(`[data-action="${action}"]`);
    if (button instanceof HTMLElement) button.focus();
  }

  draw();
  fill(
    dialog,
    h("h2", { id: "sheet-title" }, "Keys"),
    table,
    h("p", { class: "soft" }, "Choose a key of a step to give it another one. They are kept in this browser."),
    problem,
    h(
      "div",
      { class: "actions" },
      h("button", { type: "button", class: "button plain", onclick: () => { keys.reset(); draw(); changed(); } }, "Reset"),
      h("button", { type: "button", class: "button primary", onclick: () => dialog.close() }, "Done"),
    ),
  );
  dialog.addEventListener("keydown", hear);
  dialog.addEventListener("close", () => dialog.removeEventListener("keydown", hear), { once: true });
  dialog.showModal();
}

/** @param {string} says @param {HTMLElement} key */
function row(says, key) {
  return h("div", {}, h("dt", {}, says), h("dd", {}, key));
}

/**
 * Show what the server did not take, and let the annotator decide.
 * @param {HTMLDialogElement} dialog
 * @param {Outbox} outbox
 */
export function showRefused(dialog, outbox) {
  const list = h("ul", { class: "refusals" });
  function draw() {
    const refused = outbox.refused();
    if (refused.length === 0) dialog.close();
    fill(list, ...refused.map((refusal) => refusalRow(refusal, settle)));
  }
  /** @param {Refusal} refusal @param {boolean} again */
  function settle(refusal, again) {
    outbox.settle(refusal, again);
    draw();
  }
  fill(
    dialog,
    h("h2", { id: "sheet-title" }, "Not taken by the server"),
    h("p", { class: "soft" }, "These are kept here until you decide. Nothing else is affected."),
    list,
    h("div", { class: "actions" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Decide later")),
  );
  draw();
  if (outbox.refused().length > 0) dialog.showModal();
}

const ACTS = { tell: "Your answer", skip: "Skip", retract: "Undo", note: "Comment", renew: "Undo" };

/** @param {Refusal} refusal @param {(refusal: Refusal, again: boolean) => void} settle */
function refusalRow(refusal, settle) {
  const { op, error, status } = refusal;
  const value = op.act === "tell" ? `: ${shown(op.body["value"])}` : "";
  // A lease that was lost can be done without; a value that is not allowed stays so.
  const again = op.act === "tell" && status === 409;
  return h(
    "li",
    {},
    h("p", { class: "gist", dir: "auto" }, gist(op.task)),
    h("p", {}, h("strong", {}, ACTS[op.act], value), h("span", { class: "soft" }, ` — ${error}`)),
    h(
      "div",
      { class: "line" },
      again && h("button", { type: "button", class: "button", onclick: () => settle(refusal, true) }, "Send it as an extra answer"),
      h("button", { type: "button", class: "button plain", onclick: () => settle(refusal, false) }, "Let it go"),
    ),
  );
}

/** @param {unknown} value */
function shown(value) {
  return Array.isArray(value) ? value.join(", ") || "none" : words(value);
}
