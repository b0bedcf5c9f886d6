// @ts-check
/** What the browser keeps: synchronously, so that a key pressed just before a crash is there. */

/** A part of local storage with names of its own; memory where the browser forbids storage. */
export class Store {
  /** @param {string} prefix */
  constructor(prefix) {
    this.prefix = prefix;
    /** @type {Map<string, string>} */
    this.memory = new Map();
    this.lasting = works();
  }

  /**
   * @template T
   * @param {string} name
   * @param {T} otherwise
   * @returns {T}
   */
  get(name, otherwise) {
    const text = this.memory.get(name) ?? this.#read(name);
    if (text === null) return otherwise;
    try {
      return JSON.parse(text);
    } catch {
      return otherwise; // written by an older page, or cut off: as if it were not there
    }
  }

  /**
   * @param {string} name
   * @param {unknown} value undefined removes it
   */
  set(name, value) {
    this.memory.delete(name);
    try {
      if (value === undefined) localStorage.removeItem(this.prefix + name);
      else localStorage.setItem(this.prefix + name, JSON.stringify(value));
    } catch {
      // Full or forbidden: this page still has it, and warns before it is closed.
      this.lasting = false;
      if (value !== undefined) this.memory.set(name, JSON.stringify(value));
    }
  }

  /**
   * Names that begin so, in order.
   * @param {string} start
   * @returns {string[]}
   */
  names(start) {
    const found = new Set([...this.memory.keys()].filter((name) => name.startsWith(start)));
    try {
      for (let at = 0; at < localStorage.length; at++) {
        const name = localStorage.key(at);
        if (name?.startsWith(this.prefix + start)) found.add(name.slice(this.prefix.length));
      }
    } catch {
      // Forbidden: what the memory holds is all there is.
    }
    return [...found].sort();
  }

  /** @param {string} name */
  #read(name) {
    try {
      return localStorage.getItem(this.prefix + name);
    } catch {
      return null;
    }
  }
}

/** @returns {boolean} whether the browser keeps anything for us */
function works() {
  try {
    localStorage.setItem("querist.probe", "1");
    localStorage.removeItem("querist.probe");
    return true;
  } catch {
    return false;
  }
}

let last = 0;

/** An id that no other tab gives out, and that sorts by time. @returns {string} */
export function newId() {
  last = Math.max(last + 1, Date.now() * 1000);
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `${last.toString(36).padStart(11, "0")}-${[...random].map((part) => part.toString(36)).join("")}`;
}
