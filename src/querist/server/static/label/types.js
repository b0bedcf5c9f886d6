// @ts-check
/** Shapes that travel between the modules of the page; nothing here runs. */

/**
 * One question about one item, as the server lends it.
 * @typedef {object} Task
 * @property {string} task_id
 * @property {string} item_id
 * @property {unknown} item
 * @property {string} view "choice", "choices" or "number"
 * @property {string} [kind] "text", "image", "table" or "vector"
 * @property {number} [round]
 * @property {number} [lease_until]
 * @property {{value: unknown, probability?: number | null}} [suggestion]
 * @property {Record<string, unknown>} [why]
 * @property {boolean} [extra] answer it by the item's id: the lease is gone for good
 * @property {number} [got] when this page got or renewed it, milliseconds of its own clock
 */

/** @typedef {string | string[] | number} Value */

/**
 * @typedef {object} ClassGuide
 * @property {string} [html]
 * @property {unknown[]} [examples]
 */

/**
 * @typedef {object} Guidelines
 * @property {number} version
 * @property {string} html
 * @property {Record<string, ClassGuide>} labels
 */

/**
 * @typedef {object} Question
 * @property {"choice" | "choices" | "number"} kind
 * @property {string[]} labels empty for a number
 * @property {number | null} low
 * @property {number | null} high
 * @property {string} campaign what tells this campaign from every other one
 * @property {Guidelines} guidelines
 * @property {boolean} suggestions
 * @property {boolean} paused
 * @property {Record<string, unknown>} settings
 */

/**
 * A step of the annotator that can be taken back: one answer, one skip, or many answers at once.
 * @typedef {object} Step
 * @property {"answer" | "skip" | "many"} kind
 * @property {Task[]} tasks
 * @property {Value | null} value
 * @property {string[]} ops ids of the operations that carry it to the server, "" for one that is there
 */

/**
 * Something the server has to hear, kept until it has answered.
 * @typedef {object} Op
 * @property {string} id sorts by time
 * @property {"tell" | "skip" | "retract" | "note" | "renew"} act
 * @property {Task} task
 * @property {Record<string, unknown>} body
 * @property {boolean} [sent] it may have reached the server
 */

/**
 * An answer the server did not take, kept until the annotator has decided.
 * @typedef {object} Refusal
 * @property {string} id
 * @property {Op} op
 * @property {string} error
 * @property {number} status
 */

export {};
