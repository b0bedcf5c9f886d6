// @ts-check
/** One annotator at work: what is on the screen, what was said, and the way back. */

import { ApiError, get } from "../common/api.js";
import { newId } from "./store.js";

/** @import { Outbox } from "./outbox.js" */
/** @import { Store } from "./store.js" */
/** @import { Supply } from "./supply.js" */
/** @import { Question, Step, Task, Value } from "./types.js" */

const DEEP = 100; // steps that can be taken back
const RECALLED = 30; // answers of earlier sessions among them

export class Session extends EventTarget {
  /** @type {Task | null} */
  current = null;
  /** What was said of the current item before, or chosen so far. @type {Value | null} */
  before = null;
  /** Whether the current item came back by undo. */
  again = false;
  /** @type {Step[]} */
  history = [];
  /** Times of the answers of this session, milliseconds. @type {number[]} */
  times = [];
  #watch = new Stopwatch();
  /** Undone steps whose answers must not be recalled: task ids. @type {Set<string>} */
  #undone = new Set();

  /**
   * @param {Question} question
   * @param {Outbox} outbox
   * @param {Supply} supply
   * @param {Store} store
   * @param {string} me
   */
  constructor(question, outbox, supply, store, me) {
    super();
    this.question = question;
    this.outbox = outbox;
    this.supply = supply;
    this.store = store;
    this.me = me;
    /** The version of the guidelines this person has in front of them. */
    this.version = question.guidelines.version;
    outbox.addEventListener("done", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    supply.addEventListener("lost", (event) => this.#lost(/** @type {CustomEvent} */ (event).detail));
    addEventListener("pagehide", () => supply.remember(supply.shown));
  }

  /** Answers of earlier sessions come first, then those still on their way. */
  async recall() {
    const waiting = this.outbox.waiting();
    // The server may have these already, and the page has not heard of it.
    const under = new Set(waiting.filter(({ act }) => act === "tell" || act === "retract").map((op) => op.task.task_id));
    /** @type {Step[]} */
    let steps = [];
    try {
      const answer = await get(`recent?n=${RECALLED}`);
      /** @type {(Task & {value: Value})[]} */
      const recent = Array.isArray(answer) ? answer : (answer.recent ?? answer.answers ?? []);
      steps = recent
        .filter((task) => !under.has(task.task_id) && !this.#undone.has(task.task_id))
        .map(({ value, ...task }) => step("answer", [task], value, ""))
        .reverse();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Without a server the way back begins with what is here.
    }
    const here = new Set(this.history.flatMap((one) => one.tasks.map((task) => task.task_id)));
    for (const op of waiting) {
      if (op.act === "tell") steps.push(step("answer", [op.task], /** @type {Value} */ (op.body["value"]), op.id));
      if (op.act === "skip") steps.push(step("skip", [op.task], null, op.id));
    }
    const older = steps.filter((one) => !one.tasks.some((task) => here.has(task.task_id)));
    this.history = [...older, ...this.history].slice(-DEEP);
    this.#changed();
  }

  /** Show the next item, or none. */
  next() {
    const task = this.supply.take() ?? null;
    this.show(task, task ? this.store.get(`draft:${task.task_id}`, null) : null, false);
  }

  /**
   * @param {Task | null} task
   * @param {Value | null} value
   * @param {boolean} again
   */
  show(task, value, again) {
    this.current = task;
    this.before = value;
    this.again = again;
    this.supply.shown = task ? [task] : [];
    this.#watch.restart();
    this.dispatchEvent(new Event("item"));
    this.#changed();
    // After the paint: writing the shelf down may take longer than showing the item.
    setTimeout(() => this.supply.remember(this.supply.shown), 0);
  }

  /**
   * Answer the item on the screen and go on.
   * @param {Value} value
   * @param {unknown} [suggested] what the model was shown to suggest
   */
  answer(value, suggested) {
    const task = this.current;
    if (!task) return;
    const op = this.#tell(task, value, this.#watch.seconds(), suggested);
    this.#push(step("answer", [task], value, op));
    this.times.push(Date.now());
    this.next();
  }

  /**
   * The same answer to many items, one step to undo.
   * @param {Task[]} tasks
   * @param {Value} value
   * @param {number} seconds spent on all of them
   */
  answerMany(tasks, value, seconds) {
    const ops = tasks.map((task) => this.#tell(task, value, seconds / tasks.length, undefined));
    this.#push({ kind: "many", tasks, value, ops });
    const now = Date.now();
    this.times.push(...tasks.map(() => now));
  }

  /** Pass on the item on the screen. @param {string} [reason] */
  skip(reason = "") {
    const task = this.current;
    if (!task) return;
    this.store.set(`draft:${task.task_id}`, undefined);
    const op = this.outbox.add("skip", task, { task_id: task.task_id, by: this.me, ...(reason ? { reason } : {}) });
    this.#push(step("skip", [task], null, op));
    this.next();
  }

  /** @param {Task} task @param {string} text @param {boolean} flag */
  note(task, text, flag) {
    this.outbox.add("note", task, { task_id: task.task_id, by: this.me, text, flag });
  }

  /**
   * Take the last step back.
   * @returns {Step | null} what was taken back
   */
  undo() {
    const last = this.history.pop();
    if (!last) return null;
    if (this.current) this.supply.putBack(this.current);
    for (const [at, task] of last.tasks.entries()) this.#takeBack(last.kind, task, last.ops[at] ?? "");
    this.times.length = Math.max(this.times.length - (last.kind === "skip" ? 0 : last.tasks.length), 0);
    if (last.kind !== "many") this.show(last.tasks[0] ?? null, last.value, true);
    this.#changed();
    return last;
  }

  /** @param {Value | null} value what is chosen so far */
  draft(value) {
    if (this.current) this.store.set(`draft:${this.current.task_id}`, value ?? undefined);
  }

  /**
   * @param {Step["kind"]} kind
   * @param {Task} task
   * @param {string} op
   */
  #takeBack(kind, task, op) {
    this.#undone.add(task.task_id);
    if (op && this.outbox.cancel(op)) return;
    const refusal = this.outbox.refused().find(({ id }) => id === op);
    if (refusal) this.outbox.settle(refusal, false); // it never stood: nothing to take back
    else if (kind === "skip") this.outbox.add("renew", task, { task_ids: [task.task_id], by: this.me });
    else this.outbox.add("retract", task, { task_id: task.task_id, hold: true, by: this.me });
  }

  /**
   * @param {Task} task
   * @param {Value} value
   * @param {number} seconds
   * @param {unknown} suggested
   */
  #tell(task, value, seconds, suggested) {
    this.store.set(`draft:${task.task_id}`, undefined);
    return this.outbox.add("tell", task, {
      task_id: task.extra ? task.item_id : task.task_id,
      value,
      seconds: Math.round(seconds * 1000) / 1000,
      key: newId(),
      by: this.me,
      guidelines: this.version,
      ...(suggested === undefined ? {} : { suggested }),
    });
  }

  /** @param {Step} one */
  #push(one) {
    this.history.push(one);
    if (this.history.length > DEEP) this.history.shift();
  }

  /** @param {{op: import("./types.js").Op, answer: any}} heard */
  #heard({ op, answer }) {
    if (op.act === "retract") {
      const task = [this.current, ...this.supply.tasks].find((one) => one?.task_id === op.task.task_id);
      if (task && answer.task) task.got = Date.now();
    }
    // A skipped task may have gone back to everybody: it is then answered as a label nobody asked
    // for, rather than taken from the screen.
    if (op.act === "renew" && answer.lost?.includes(op.task.task_id)) op.task.extra = true;
    if (op.task.extra && this.current?.task_id === op.task.task_id) this.current.extra = true;
  }

  /** @param {Task[]} tasks */
  #lost(tasks) {
    if (!this.current || !tasks.some((task) => task.task_id === this.current?.task_id)) return;
    if (this.current.extra || this.again) return;
    this.dispatchEvent(new Event("lost"));
    this.next();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Time that passes while the page is looked at. */
export class Stopwatch {
  #spent = 0;
  #since = performance.now();

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#spent += performance.now() - this.#since;
      else this.#since = performance.now();
    });
  }

  /** Begin at 0. */
  restart() {
    this.#spent = 0;
    this.#since = performance.now();
  }

  /** @returns {number} seconds since the start */
  seconds() {
    const now = document.hidden ? 0 : performance.now() - this.#since;
    return (this.#spent + now) / 1000;
  }
}

/**
 * @param {Step["kind"]} kind
 * @param {Task[]} tasks
 * @param {Value | null} value
 * @param {string} op
 * @returns {Step}
 */
function step(kind, tasks, value, op) {
  return { kind, tasks, value, ops: [op] };
}
