// @ts-check
/** Which key does what: fixed grammar for labels, remappable keys for everything else. */

/** @import { Store } from "./store.js" */

/**
 * @typedef {"undo" | "skip" | "skipWhy" | "submit" | "accept" | "reject" | "guidelines" | "comment"
 *   | "flag" | "why" | "search" | "grid" | "all" | "larger" | "smaller" | "theme" | "help"} Action
 */

/** @type {Record<Action, {key: string, says: string}>} */
export const ACTIONS = {
  accept: { key: "a", says: "Accept" },
  reject: { key: "x", says: "Reject" },
  skip: { key: "Space", says: "Skip" },
  skipWhy: { key: "s", says: "Skip with a reason" },
  undo: { key: "Backspace", says: "Undo the last step" },
  submit: { key: "Enter", says: "Submit" },
  search: { key: "/", says: "Search the labels" },
  guidelines: { key: "g", says: "Guidelines" },
  comment: { key: "c", says: "Comment on the item" },
  flag: { key: "f", says: "Flag the item" },
  why: { key: "w", says: "Why this item" },
  grid: { key: "v", says: "Grid, many items at once" },
  all: { key: "e", says: "Select all (grid)" },
  larger: { key: "+", says: "Larger" },
  smaller: { key: "-", says: "Smaller" },
  theme: { key: "t", says: "Light or dark" },
  help: { key: "?", says: "Keys" },
};

const DIGITS = [..."1234567890"];
const LETTERS = [..."qwertyuiopasdfghjklzxcvbnm"];

export class Keys {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Partial<Record<Action, string>>} */
    this.chosen = store.get("keys", {});
  }

  /** @param {Action} action @returns {string} */
  of(action) {
    return this.chosen[action] ?? ACTIONS[action].key;
  }

  /**
   * @param {string} token
   * @returns {Action | undefined}
   */
  action(token) {
    const all = /** @type {Action[]} */ (Object.keys(ACTIONS));
    return all.find((action) => this.of(action) === token);
  }

  /**
   * Give an action another key.
   * @param {Action} action
   * @param {string} token
   * @returns {string} why not, "" when it is done
   */
  remap(action, token) {
    if (DIGITS.includes(token)) return "Digits belong to the labels.";
    if (["Escape", "Tab", "Shift", "Control", "Alt", "Meta", "CapsLock"].includes(token)) {
      return `${nameOf(token)} cannot be used.`;
    }
    const owner = this.action(token);
    if (owner && owner !== action) return `${nameOf(token)} is “${ACTIONS[owner].says}” already.`;
    this.chosen[action] = token;
    this.store.set("keys", this.chosen);
    return "";
  }

  /** Back to the keys as they came. */
  reset() {
    this.chosen = {};
    this.store.set("keys", undefined);
  }

  /**
   * The keys of labels: digits, then letters that no action uses; "" where they run out. A label
   * that is a digit has that digit.
   * @param {readonly string[]} labels
   * @param {boolean} binary whether accept and reject are in use
   * @returns {string[]}
   */
  labels(labels, binary) {
    const all = /** @type {Action[]} */ (Object.keys(ACTIONS));
    const used = new Set(
      all.filter((a) => binary || (a !== "accept" && a !== "reject")).map((a) => this.of(a)),
    );
    for (const label of labels) if (DIGITS.includes(label)) used.add(label);
    const free = [...DIGITS, ...LETTERS].filter((key) => !used.has(key));
    return labels.map((label) => (DIGITS.includes(label) ? label : (free.shift() ?? "")));
  }
}

/**
 * The name of a key press, the same on every keyboard layout.
 * @param {KeyboardEvent} event
 * @returns {string}
 */
export function tokenOf(event) {
  // On some layouts (French) the digit row gives signs without shift: its place decides.
  const digit = /^Digit(\d)$/.exec(event.code);
  if (digit?.[1] && !event.shiftKey) return digit[1];
  if (event.key === " ") return "Space";
  if (event.key === "=" && event.code === "Equal") return "+";
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/** @param {string} token @returns {string} as drawn on a key cap */
export function nameOf(token) {
  const caps = {
    Backspace: "back", Enter: "↵", Space: "space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←",
    ArrowRight: "→", Delete: "del",
  };
  return caps[/** @type {keyof typeof caps} */ (token)] ?? token;
}

