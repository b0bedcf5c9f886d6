// @ts-check
/** The quiet row below the answers: every step beside answering, with its key. */

import { fill, h } from "../common/dom.js";
import { nameOf } from "./keys.js";

/** @import { Action } from "./keys.js" */
/** @import { Page } from "./page.js" */

const ONE = /** @type {const} */ (["undo", "skip", "comment", "flag", "grid", "guidelines", "help"]);
const MANY = /** @type {const} */ (["undo", "all", "grid", "guidelines", "help"]);

export class Tools {
  /** @type {Map<Action, {button: HTMLButtonElement, words: HTMLElement}>} */
  #made = new Map();
  #count = h("span", { class: "soft count" });

  /** @param {HTMLElement} element @param {Page} page */
  constructor(element, page) {
    this.element = element;
    this.page = page;
  }

  /** Make the buttons: at the start, for other keys, for another mode. */
  draw() {
    const { grid, keys, session } = this.page;
    const shown = grid.open ? MANY : ONE;
    this.#made.clear();
    const buttons = shown
      .filter((action) => action !== "grid" || session.question.kind !== "number")
      .map((action) => this.#button(action, keys.of(action)));
    if (grid.open) buttons.splice(2, 0, this.#count);
    fill(this.element, ...buttons);
    this.show();
  }

  /** Say what each one would do now. */
  show() {
    const { grid, panel, session, task, flagged } = this.page;
    const last = session.history.at(-1);
    const back = { answer: "", skip: " skip", many: ` ${last?.tasks.length} answers` };
    this.#set("undo", `Undo${last ? back[last.kind] : ""}`, !last);
    for (const action of /** @type {const} */ (["skip", "comment"])) this.#set(action, "", !task);
    const marked = task !== null && flagged.has(task.task_id);
    this.#set("flag", marked ? "Flagged" : "Flag", !task, marked);
    this.#set("guidelines", "", false, panel.open);
    this.#set("grid", grid.open ? "One at a time" : "Grid", false);
    const every = grid.chosen.size > 0 && grid.chosen.size === grid.tasks.length;
    this.#set("all", every ? "Select none" : "Select all", grid.tasks.length === 0);
    if (grid.open) this.#count.textContent = `${grid.target().length} of ${grid.tasks.length}`;
  }

  /** @param {Action} action @param {string} key @returns {HTMLElement} */
  #button(action, key) {
    const words = h("span", {}, NAMES[action] ?? "");
    const button = h(
      "button",
      { type: "button", class: "tool", "data-act": action, "aria-keyshortcuts": key, onclick: () => this.page.act(action) },
      words,
      h("kbd", { class: "key", "aria-hidden": "true" }, nameOf(key)),
    );
    this.#made.set(action, { button, words });
    return button;
  }

  /**
   * @param {Action} action
   * @param {string} words "" leaves them
   * @param {boolean} off
   * @param {boolean} [pressed]
   */
  #set(action, words, off, pressed) {
    const made = this.#made.get(action);
    if (!made) return;
    if (words && made.words.textContent !== words) made.words.textContent = words;
    made.button.disabled = off;
    if (pressed !== undefined) made.button.setAttribute("aria-pressed", String(pressed));
  }
}

/** @type {Partial<Record<Action, string>>} */
const NAMES = { undo: "Undo", skip: "Skip", comment: "Comment", flag: "Flag", grid: "Grid", guidelines: "Guidelines", help: "Keys", all: "Select all" };
