// @ts-check
/** Many items at once: choose those that are alike, one key labels them all. */

import { fill, h, say } from "../common/dom.js";
import { Stopwatch } from "./session.js";
import { gist, viewOf } from "./views.js";

/** @import { Session } from "./session.js" */
/** @import { Supply } from "./supply.js" */
/** @import { Task, Value } from "./types.js" */

const PAGE = 24;

export class Grid {
  /** @type {Task[]} */
  tasks = [];
  /** @type {Set<string>} */
  chosen = new Set();
  open = false;
  #at = 0;
  #dealing = false;
  #watch = new Stopwatch();
  /** @type {Map<string, HTMLElement>} */
  #cells = new Map();

  /**
   * @param {HTMLElement} element
   * @param {Session} session
   * @param {Supply} supply
   * @param {() => void} changed
   */
  constructor(element, session, supply, changed) {
    this.element = element;
    this.session = session;
    this.supply = supply;
    this.changed = changed;
  }

  /** Show a page of items; the one on the screen is among them. */
  async enter() {
    this.open = true;
    if (this.session.current) this.supply.putBack(this.session.current);
    this.session.current = null;
    await this.#deal();
  }

  /** Back to one item at a time; nothing that was shown is lost. */
  leave() {
    this.open = false;
    this.supply.putBack(...this.tasks);
    this.tasks = [];
    this.chosen.clear();
    this.session.next();
  }

  /** Fill the page up. */
  async #deal() {
    if (this.tasks.length === 0) {
      // Dealing makes the supply change, which asks for dealing: once at a time.
      if (this.#dealing) return;
      this.#dealing = true;
      const dealt = await this.supply.takeMany(PAGE);
      this.#dealing = false;
      if (!this.open) {
        this.supply.putBack(...dealt);
        return;
      }
      this.tasks = dealt;
      this.#at = 0;
      this.#watch.restart();
    }
    this.#draw();
  }

  /** New tasks came in while the page was empty. */
  async fill() {
    if (this.open && this.tasks.length === 0 && this.supply.tasks.length > 0) await this.#deal();
  }

  /**
   * One answer to the chosen items, or to the one under the cursor.
   * @param {Value} value
   */
  answer(value) {
    const tasks = this.target();
    if (tasks.length === 0) return;
    this.session.answerMany(tasks, value, this.#watch.seconds());
    const done = new Set(tasks.map((task) => task.task_id));
    this.tasks = this.tasks.filter((task) => !done.has(task.task_id));
    this.chosen.clear();
    this.#watch.restart();
    say(`${tasks.length} labelled ${Array.isArray(value) ? value.join(", ") || "none" : value}, ${this.tasks.length} left on the page`);
    void this.#deal();
  }

  /** @returns {Task[]} what an answer would be about */
  target() {
    if (this.chosen.size > 0) return this.tasks.filter((task) => this.chosen.has(task.task_id));
    const here = this.tasks[this.#at];
    return here ? [here] : [];
  }

  /** Items that came back by undo, chosen as they were. @param {Task[]} tasks */
  restore(tasks) {
    const back = new Set(tasks.map((task) => task.task_id));
    this.tasks = [...tasks, ...this.tasks.filter((task) => !back.has(task.task_id))];
    this.chosen = tasks.length > 1 ? back : new Set();
    this.#at = 0;
    this.#draw();
  }

  /** Choose everything, or nothing when everything is chosen. */
  all() {
    const every = this.chosen.size === this.tasks.length;
    this.chosen = new Set(every ? [] : this.tasks.map((task) => task.task_id));
    this.#mark();
    say(every ? "None selected" : `${this.chosen.size} selected`);
  }

  /**
   * @param {string} token
   * @param {boolean} shift
   * @returns {boolean} whether it took the key
   */
  key(token, shift) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.#columns(), ArrowDown: this.#columns() }[token];
    if (step !== undefined) {
      const to = Math.min(Math.max(this.#at + step, 0), this.tasks.length - 1);
      if (shift) this.#run(this.#at, to);
      this.#move(to);
      return true;
    }
    if (token === "Space" && this.tasks[this.#at]) {
      this.#toggle(this.#at);
      return true;
    }
    return false;
  }

  #draw() {
    this.#cells.clear();
    for (const [at, task] of this.tasks.entries()) {
      const cell = h(
        "div",
        { class: "cell", role: "option", tabindex: "-1", "aria-label": `${at + 1}: ${gist(task)}` },
        viewOf(task, this.supply.picture(task)),
        h("span", { class: "tick", "aria-hidden": "true" }),
      );
      cell.addEventListener("click", (event) => {
        if (event.shiftKey) this.#run(this.#at, at);
        else this.#toggle(at);
        this.#move(at);
      });
      this.#cells.set(task.task_id, cell);
    }
    this.#at = Math.min(this.#at, Math.max(this.tasks.length - 1, 0));
    fill(this.element, ...this.#cells.values());
    this.supply.shown = this.tasks;
    setTimeout(() => this.supply.remember(this.supply.shown), 0);
    this.#mark();
    if (this.tasks.length > 0) this.#move(this.#at);
  }

  #mark() {
    for (const [id, cell] of this.#cells) cell.setAttribute("aria-selected", String(this.chosen.has(id)));
    this.changed();
  }

  /** @param {number} at */
  #toggle(at) {
    const id = this.tasks[at]?.task_id ?? "";
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.#mark();
  }

  /** @param {number} from @param {number} to */
  #run(from, to) {
    for (const task of this.tasks.slice(Math.min(from, to), Math.max(from, to) + 1)) this.chosen.add(task.task_id);
    this.#mark();
  }

  /** @param {number} to */
  #move(to) {
    this.#at = to;
    for (const [at, task] of this.tasks.entries()) {
      const cell = this.#cells.get(task.task_id);
      if (cell) cell.tabIndex = at === to ? 0 : -1;
    }
    this.#cells.get(this.tasks[to]?.task_id ?? "")?.focus();
  }

  #columns() {
    return getComputedStyle(this.element).gridTemplateColumns.split(" ").length;
  }
}
