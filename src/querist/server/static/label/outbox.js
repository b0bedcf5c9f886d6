// @ts-check
/**
 * Everything on its way to the server.
 *
 * An operation is written to the browser's storage before anything else happens, sent in order,
 * and removed when the server has answered. Every tab adds; the one that holds the lock sends.
 * Sending twice does no harm: an answer carries a key, and the server knows keys.
 */

import { ApiError, post } from "../common/api.js";
import { newId } from "./store.js";

/** @import { Op, Refusal, Task } from "./types.js" */
/** @import { Store } from "./store.js" */

const AT_ONCE = 100; // answers in one request
const FIRST_WAIT = 400; // milliseconds
const LONGEST_WAIT = 20_000;

export class Outbox extends EventTarget {
  #failures = 0;
  #sending = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Store} store */
  constructor(store) {
    super();
    this.store = store;
    /** Whether the last request failed for want of a server. */
    this.down = false;
    /** Whether the server no longer knows who we are. */
    this.loggedOut = false;
    addEventListener("online", () => this.hurry());
    addEventListener("pagehide", () => this.#farewell());
    addEventListener("storage", (event) => {
      if (event.key === null || event.key.startsWith(store.prefix)) this.#changed();
    });
  }

  /** Operations not yet answered, oldest first. @returns {Op[]} */
  waiting() {
    return this.store
      .names("out:")
      .map((name) => this.store.get(name, /** @type {Op | null} */ (null)))
      .filter((op) => op !== null);
  }

  /** @returns {Refusal[]} */
  refused() {
    return this.store
      .names("no:")
      .map((name) => this.store.get(name, /** @type {Refusal | null} */ (null)))
      .filter((refusal) => refusal !== null);
  }

  /** Answers and skips the server has not confirmed. @returns {number} */
  get unsaved() {
    return this.waiting().filter((op) => op.act !== "renew").length;
  }

  /** Wait until nothing is on its way. */
  async empty() {
    while (this.waiting().length > 0) {
      await new Promise((resolve) => this.addEventListener("change", resolve, { once: true }));
    }
  }

  /**
   * Keep an operation and send it in the background.
   * @param {Op["act"]} act
   * @param {Task} task
   * @param {Record<string, unknown>} body
   * @returns {string} its id
   */
  add(act, task, body) {
    const id = newId();
    this.store.set(`out:${id}`, { id, act, task, body });
    this.#changed();
    this.#later(0);
    return id;
  }

  /**
   * Take an operation out before it has left.
   * @param {string} id
   * @returns {boolean} false when it may have reached the server
   */
  cancel(id) {
    const name = `out:${id}`;
    const op = this.store.get(name, /** @type {Op | null} */ (null));
    if (op === null || op.sent) return false;
    this.store.set(name, undefined);
    this.#changed();
    return true;
  }

  /**
   * The annotator's word on a refused answer: once more as an extra label, or not at all.
   * @param {Refusal} refusal
   * @param {boolean} again
   */
  settle(refusal, again) {
    this.store.set(`no:${refusal.id}`, undefined);
    if (again) {
      const { task, body } = refusal.op;
      // By the item's id it is a label nobody asked for, which needs no lease.
      this.add("tell", task, { ...body, task_id: task.item_id, key: newId() });
    }
    this.#changed();
  }

  /** Try now: the network or the server may be back. */
  hurry() {
    this.loggedOut = false;
    this.#failures = 0;
    this.#later(0);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} wait */
  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), wait);
  }

  async #send() {
    if (this.#sending || this.loggedOut) return;
    this.#sending = true;
    try {
      await alone(`${this.store.prefix}send`, () => this.#drain());
      this.#failures = 0;
      if (this.down) {
        this.down = false;
        this.#changed();
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#failed(error);
    } finally {
      this.#sending = false;
    }
    // Something may have been added while the last request was being answered.
    if (!this.down && !this.loggedOut && this.waiting().length > 0) this.#later(0);
  }

  /** @param {ApiError} error */
  #failed(error) {
    if (closed(error)) {
      this.loggedOut = true;
    } else {
      this.down = true;
      const wait = Math.min(FIRST_WAIT * 2 ** this.#failures++, LONGEST_WAIT);
      // Spread out, or all pages would come back at the same moment.
      this.#later(Math.max(wait * (0.5 + Math.random()), error.wait * 1000));
    }
    this.#changed();
  }

  async #drain() {
    for (let ops = this.waiting(); ops.length > 0; ops = this.waiting()) {
      const first = /** @type {Op} */ (ops[0]);
      if (first.act === "tell") {
        const end = ops.findIndex((op) => op.act !== "tell");
        await this.#tell(ops.slice(0, Math.min(end < 0 ? ops.length : end, AT_ONCE)));
      } else {
        await this.#single(first);
      }
    }
  }

  /** @param {Op[]} ops */
  async #tell(ops) {
    this.#mark(ops);
    /** @type {any[]} */
    let results;
    try {
      results = (await post("tell", { answers: ops.map((op) => op.body) })).results;
    } catch (error) {
      if (!(error instanceof ApiError) || error.passing) throw error;
      if (Array.isArray(error.body["results"])) {
        results = error.body["results"];
      } else if (closed(error)) {
        throw error;
      } else if (ops.length > 1) {
        // The request as a whole was refused: one at a time shows whose fault it was.
        for (const op of ops) await this.#tell([op]);
        return;
      } else {
        results = [{ ok: false, status: error.status, error: error.message }];
      }
    }
    for (const [at, op] of ops.entries()) await this.#judged(op, results[at] ?? {});
    this.#changed();
  }

  /**
   * @param {Op} op
   * @param {any} result
   */
  async #judged(op, result) {
    if (result.ok) {
      this.#done(op);
      this.dispatchEvent(new CustomEvent("saved", { detail: op }));
      return;
    }
    if (result.code === "lease_expired" && (await this.#renew(op.task.task_id))) return;
    this.#refuse(op, Number(result.status) || 422, String(result.error ?? "No reason was given."));
  }

  /**
   * @param {string} id
   * @returns {Promise<boolean>} whether the task is ours again
   */
  async #renew(id) {
    const { renewed } = await post("renew", { task_ids: [id] });
    return Array.isArray(renewed) && renewed.includes(id);
  }

  /** @param {Op} op */
  async #single(op) {
    this.#mark([op]);
    try {
      const answer = await post(op.act, op.body);
      this.#done(op);
      this.dispatchEvent(new CustomEvent("done", { detail: { op, answer } }));
    } catch (error) {
      if (!(error instanceof ApiError) || error.passing || closed(error)) throw error;
      // Sent before, and the answer was lost on the way: the server has done it already.
      const repeated = op.act !== "note" && error.status === 404;
      if (repeated) this.#done(op);
      else this.#refuse(op, error.status, error.message);
    }
    this.#changed();
  }

  /** @param {Op[]} ops */
  #mark(ops) {
    for (const op of ops) {
      if (!op.sent) this.store.set(`out:${op.id}`, { ...op, sent: true });
    }
  }

  /** @param {Op} op */
  #done(op) {
    this.store.set(`out:${op.id}`, undefined);
  }

  /**
   * @param {Op} op
   * @param {number} status
   * @param {string} error
   */
  #refuse(op, status, error) {
    // First the new place, then out of the old one: a crash between the two loses nothing.
    this.store.set(`no:${op.id}`, { id: op.id, op, error, status });
    this.#done(op);
    this.dispatchEvent(new CustomEvent("refused", { detail: op }));
  }

  /** The page goes: one last request that outlives it. What it does not carry stays in storage. */
  #farewell() {
    const ops = this.waiting();
    const end = ops.findIndex((op) => op.act !== "tell");
    const tells = ops.slice(0, Math.min(end < 0 ? ops.length : end, AT_ONCE));
    if (tells.length === 0 || this.loggedOut) return;
    this.#mark(tells);
    void post("tell", { answers: tells.map((op) => op.body) }, 5_000, true).catch(() => {
      // Nobody is here to be told; the storage still has them.
    });
  }
}

/** Whether the server does not know us any more: nothing is wrong with what was sent. @param {ApiError} error */
function closed(error) {
  return error.status === 401 || error.status === 403;
}

/**
 * Run while no other tab does the same.
 * @param {string} name
 * @param {() => Promise<void>} work
 */
async function alone(name, work) {
  // Locks are missing on a plain http address that is not this machine: there two tabs may send
  // the same answer, and its key has the server count it once.
  if (navigator.locks) await navigator.locks.request(name, work);
  else await work();
}
