// @ts-check
/** The three ways to answer: one label, several labels, a number. */

import { fill, h } from "../common/dom.js";
import { Board } from "./board.js";
import { nameOf } from "./keys.js";

/** @import { Keys } from "./keys.js" */
/** @import { Question, Task, Value } from "./types.js" */

/**
 * @typedef {object} AnswerOptions
 * @property {Question} question
 * @property {Keys} keys
 * @property {(value: Value) => void} submit
 * @property {(value: Value | null) => void} draft what is chosen so far, null for nothing
 * @property {() => void} leave
 */

/**
 * @typedef {object} Answer
 * @property {HTMLElement} element
 * @property {string} prompt
 * @property {Board | null} board
 * @property {(value: Value | null, again: boolean) => void} show a new item, with what was said of it
 * @property {(token: string) => boolean} key whether it took the key
 * @property {() => void} submit
 * @property {() => Value | null} value
 */

/** @param {AnswerOptions} options @returns {Answer} */
export function answerFor(options) {
  if (options.question.kind === "choices") return severalAnswer(options);
  if (options.question.kind === "number") return numberAnswer(options);
  return singleAnswer(options);
}

/** @param {AnswerOptions} options @returns {Answer} */
function singleAnswer({ question, keys, submit, leave }) {
  const board = new Board({ labels: question.labels, keys, several: false, pick, leave });
  /** @param {string} label */
  function pick(label) {
    board.flash(label);
    board.clear();
    submit(label);
  }
  return {
    element: board.element,
    prompt: "Choose one",
    board,
    show: (value, again) => board.press(again && typeof value === "string" ? [value] : []),
    key(token) {
      const label = board.labelOf(token);
      if (label === undefined) return false;
      pick(label);
      return true;
    },
    submit: () => undefined,
    value: () => null,
  };
}

/** @param {AnswerOptions} options @returns {Answer} */
function severalAnswer({ question, keys, submit, draft, leave }) {
  /** @type {Set<string>} */
  let chosen = new Set();
  const board = new Board({ labels: question.labels, keys, several: true, pick, leave });
  const done = h("button", { type: "button", class: "button primary submit", onclick: send });
  /** @param {string} label */
  function pick(label) {
    if (!chosen.delete(label)) chosen.add(label);
    refresh();
    draft(chosen.size > 0 ? inOrder() : null);
  }
  function inOrder() {
    return question.labels.filter((label) => chosen.has(label));
  }
  function refresh() {
    board.press(chosen);
    const words = chosen.size === 0 ? "None of these" : `Submit ${chosen.size}`;
    fill(done, words, h("kbd", { class: "key", "aria-hidden": "true" }, nameOf(keys.of("submit"))));
  }
  function send() {
    submit(inOrder());
  }
  return {
    element: h("div", { class: "several" }, board.element, done),
    prompt: "Choose all that fit",
    board,
    show(value) {
      chosen = new Set(Array.isArray(value) ? value : []);
      board.clear();
      refresh();
    },
    key(token) {
      const label = board.labelOf(token);
      if (label === undefined) return false;
      pick(label);
      return true;
    },
    submit: send,
    value: inOrder,
  };
}

/** @param {AnswerOptions} options @returns {Answer} */
function numberAnswer({ question, keys, submit, draft }) {
  const { low, high } = question;
  const input = h("input", {
    id: "number",
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    enterkeyhint: "done",
    "aria-labelledby": "prompt",
    "aria-describedby": "number-error",
  });
  const error = h("p", { class: "error", id: "number-error", role: "alert" });
  const button = h(
    "button",
    { type: "button", class: "button primary submit", onclick: send },
    "Submit",
    h("kbd", { class: "key", "aria-hidden": "true" }, nameOf(keys.of("submit"))),
  );
  const range =
    low !== null && high !== null
      ? h("input", { type: "range", class: "slider", min: low, max: high, step: "any", "aria-label": "Number" })
      : null;
  range?.addEventListener("input", () => {
    input.value = String(Number(Number(range.value).toPrecision(3)));
    told();
  });
  input.addEventListener("input", told);
  function told() {
    complain("");
    const value = parse(input.value);
    place(value);
    draft(value);
  }
  /** Until somebody says a number the slider rests in the middle and looks it. @param {number | null} value */
  function place(value) {
    if (!range) return;
    range.value = String(value ?? ((low ?? 0) + (high ?? 0)) / 2);
    range.classList.toggle("unset", value === null);
  }
  /** @param {string} words */
  function complain(words) {
    error.textContent = words;
    input.toggleAttribute("aria-invalid", words !== "");
  }
  function send() {
    const value = parse(input.value);
    if (value === null) complain(input.value.trim() ? "This is not a number." : "Type a number first.");
    else if (low !== null && value < low) complain(`The lowest allowed number is ${low}.`);
    else if (high !== null && value > high) complain(`The highest allowed number is ${high}.`);
    else return submit(value);
    input.focus();
    return undefined;
  }
  return {
    element: h("div", { class: "number-answer" }, h("div", { class: "line" }, input, button), range, error),
    prompt: bounds(low, high),
    board: null,
    show(value) {
      input.value = typeof value === "number" ? String(value) : "";
      complain("");
      place(typeof value === "number" ? value : null);
    },
    key(token) {
      // A digit typed while the focus is elsewhere is meant for the field.
      if (!/^[\d.,-]$/.test(token)) return false;
      input.focus();
      return false;
    },
    submit: send,
    value: () => parse(input.value),
  };
}

/** @param {string} text @returns {number | null} */
function parse(text) {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && Number.isFinite(value) ? value : null;
}

/** @param {number | null} low @param {number | null} high */
function bounds(low, high) {
  if (low !== null && high !== null) return `A number from ${low} to ${high}`;
  if (low !== null) return `A number, ${low} or more`;
  if (high !== null) return `A number, ${high} or less`;
  return "A number";
}
