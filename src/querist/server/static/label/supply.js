// @ts-check
/** Tasks held ready: fetched ahead, pictures decoded, leases kept alive while somebody works. */

import { ApiError, base, post } from "../common/api.js";

/** @import { Store } from "./store.js" */
/** @import { Task } from "./types.js" */

export const AHEAD = 14; // tasks held; asked for again at half
const LEASE = 600; // seconds
const RENEW_AT = 240_000; // milliseconds left at which a lease is renewed
const IDLE = 600_000; // after so long without a key, tasks are let go
const LARGE = 50_000; // characters of an item that is not kept across a reload
const POLL = 2_000;
const LONGEST_POLL = 15_000;

/** @typedef {"ready" | "asking" | "dry" | "paused" | "stopped" | "down" | "login"} Stock */

export class Supply extends EventTarget {
  /** @type {Task[]} */
  tasks = [];
  /** @type {Stock} */
  stock = "asking";
  /** Why there are no tasks, in the server's words. */
  reason = "";
  /** Tasks waiting for anybody, as last heard. @type {number | null} */
  waiting = null;
  /** @type {Map<string, HTMLImageElement>} */
  #pictures = new Map();
  /** @type {Promise<void> | null} */
  #flight = null;
  #misses = 0;
  #active = Date.now();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Store} store
   * @param {string} slot the name under which this tab keeps what it holds
   * @param {(id: string) => boolean} pending whether an answer to this task is on its way
   */
  constructor(store, slot, pending) {
    super();
    this.store = store;
    this.slot = `held:${slot}`;
    this.pending = pending;
    this.lease = LEASE;
    setInterval(() => void this.keep(), 30_000);
    addEventListener("online", () => this.refill());
  }

  /**
   * Begin: what was held before a reload is ours still if the server says so.
   * @param {string[]} orphans slots of tabs that are closed: what they held goes on here
   */
  async open(orphans) {
    /** @type {Map<string, Task>} */
    const kept = new Map();
    for (const slot of [this.slot, ...orphans.map((name) => `held:${name}`)]) {
      for (const task of this.store.get(slot, /** @type {Task[]} */ ([]))) {
        if (!this.pending(task.task_id)) kept.set(task.task_id, task);
      }
      this.store.set(slot, undefined);
    }
    const held = [...kept.values()];
    if (held.length > 0) {
      try {
        const { renewed } = await this.#renew(held);
        this.tasks = held.filter((task) => renewed.has(task.task_id));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        // No server: going on with them is right, and their answers will be judged one by one.
        this.tasks = held;
      }
      for (const task of this.tasks) this.#prepare(task);
    }
    this.#changed();
    await this.refill();
  }

  /** The task to show, taken out of the shelf. @returns {Task | undefined} */
  take() {
    const task = this.tasks.shift();
    if (this.tasks.length <= AHEAD / 2) void this.refill();
    return task;
  }

  /**
   * Take up to n at once, for the grid.
   * @param {number} n
   * @returns {Promise<Task[]>}
   */
  async takeMany(n) {
    await this.#flight;
    if (this.tasks.length < n) await this.#fetch(n - this.tasks.length);
    const taken = this.tasks.splice(0, n);
    void this.refill();
    return taken;
  }

  /**
   * Put tasks back in front.
   * @param {...Task} tasks
   */
  putBack(...tasks) {
    this.tasks.unshift(...tasks);
    for (const task of tasks) this.#prepare(task);
  }

  /**
   * Forget tasks that are no longer ours.
   * @param {Iterable<string>} ids
   */
  drop(ids) {
    const gone = new Set(ids);
    this.tasks = this.tasks.filter((task) => !gone.has(task.task_id));
    this.#changed();
  }

  /** Remember what is held, with what is on the screen. @param {Task[]} shown */
  remember(shown) {
    const held = [...shown, ...this.tasks];
    // Pictures inside the items may be large, and the answers come first: what is not kept goes
    // back to everybody when its lease ends.
    const large = held.some((task) => typeof task.item === "string" && task.item.length > LARGE);
    this.store.set(this.slot, large || held.length === 0 ? undefined : held);
  }

  /** Ask for more when the shelf is half empty. */
  async refill() {
    if (this.tasks.length > AHEAD / 2) return;
    await this.#fetch(AHEAD - this.tasks.length);
  }

  /** Ask soon: something was queued or changed. A little apart from all the other pages. */
  wake() {
    this.#misses = 0;
    this.#later(Math.random() * 200);
  }

  /** Somebody is at work. */
  touch() {
    const away = Date.now() - this.#active > IDLE;
    this.#active = Date.now();
    if (away) void this.keep();
  }

  /**
   * Renew what is about to lapse, unless nobody has been here for long.
   * @param {Task[]} [shown] what is on the screen
   */
  async keep(shown = this.shown) {
    const now = Date.now();
    if (now - this.#active > IDLE) return;
    const held = [...shown, ...this.tasks];
    const due = held.some((task) => left(task, this.lease, now) < RENEW_AT);
    if (!due) return;
    try {
      const { lost } = await this.#renew(held);
      const onScreen = shown.filter((task) => lost.has(task.task_id));
      this.drop(lost);
      if (onScreen.length > 0) this.dispatchEvent(new CustomEvent("lost", { detail: onScreen }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Tried again in half a minute; an answer to a lapsed task renews it first anyway.
    }
  }

  /** What is on the screen, set by the page. @type {Task[]} */
  shown = [];

  /** @param {Task} task @returns {HTMLImageElement | undefined} its picture, decoded if there was time */
  picture(task) {
    return this.#pictures.get(task.task_id);
  }

  /** @param {Task[]} tasks */
  async #renew(tasks) {
    const ids = tasks.map((task) => task.task_id);
    const answer = await post("renew", { task_ids: ids, lease: this.lease });
    const renewed = new Set(/** @type {string[]} */ (answer.renewed));
    for (const task of tasks) if (renewed.has(task.task_id)) task.got = Date.now();
    return { renewed, lost: new Set(/** @type {string[]} */ (answer.lost)) };
  }

  /** Ask for n tasks, once at a time. @param {number} n @returns {Promise<void>} */
  #fetch(n) {
    this.#flight ??= this.#ask(n).finally(() => {
      this.#flight = null;
      this.#changed();
    });
    return this.#flight;
  }

  /** @param {number} n */
  async #ask(n) {
    clearTimeout(this.#timer);
    try {
      this.#take(await post("ask", { n, lease: this.lease }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.stock = error.status === 401 ? "login" : "down";
      this.reason = error.message;
      if (error.status !== 401) this.#later(this.#pause(error.wait * 1000));
    }
  }

  /** @param {any} answer */
  #take(answer) {
    const known = new Set([...this.shown, ...this.tasks].map((task) => task.task_id));
    for (const task of /** @type {Task[]} */ (answer.tasks)) {
      if (known.has(task.task_id) || this.pending(task.task_id)) continue;
      task.got = Date.now();
      this.#prepare(task);
      this.tasks.push(task);
    }
    if (typeof answer.waiting === "number") this.waiting = answer.waiting;
    this.reason = typeof answer.reason === "string" ? answer.reason : "";
    this.stock = answer.tasks.length > 0 ? "ready" : stockOf(answer);
    if (this.stock === "ready") this.#misses = 0;
    else this.#later(this.#pause(0));
  }

  /** @param {number} least */
  #pause(least) {
    const wait = Math.min(POLL * 1.5 ** this.#misses++, LONGEST_POLL);
    return Math.max(wait * (0.75 + Math.random() / 2), least);
  }

  /** @param {number} wait */
  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refill(), wait);
  }

  /** @param {Task} task */
  #prepare(task) {
    const source = pictureOf(task);
    if (!source || this.#pictures.has(task.task_id)) return;
    const picture = new Image();
    picture.decoding = "async";
    picture.src = source;
    // A broken picture is shown as such by the view; here it only must not be an unhandled error.
    picture.decode().catch(() => undefined);
    this.#pictures.set(task.task_id, picture);
    // Undo reaches some steps back; older pictures need not stay in memory.
    for (const old of this.#pictures.keys()) {
      if (this.#pictures.size <= 5 * AHEAD) break;
      this.#pictures.delete(old);
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * Where the picture of a task is, "" for a task that has none.
 * @param {Task} task
 * @returns {string}
 */
export function pictureOf(task) {
  if (task.kind !== "image") return "";
  const item = typeof task.item === "string" ? task.item : "";
  if (item.startsWith("data:image/")) return item;
  return `${base}/${item.startsWith("api/v1/") ? item : `api/v1/image/${encodeURIComponent(task.item_id)}`}`;
}

/** @param {any} answer @returns {Stock} */
function stockOf(answer) {
  const reason = String(answer.reason ?? "");
  if (reason.startsWith("paused")) return "paused";
  return reason.startsWith("stopped") ? "stopped" : "dry";
}

/** @param {Task} task @param {number} lease @param {number} now */
function left(task, lease, now) {
  // By this machine's clock alone: the server's may differ by minutes.
  return (task.got ?? 0) + lease * 1000 - now;
}
