// @ts-check
/** The labels as buttons with their keys drawn on them, and a search where there are many. */

import { fill, h } from "../common/dom.js";
import { nameOf, tokenOf } from "./keys.js";

/** @import { Keys } from "./keys.js" */

export const MANY = 20; // labels beyond which there is a search

/**
 * @typedef {object} BoardOptions
 * @property {readonly string[]} labels
 * @property {Keys} keys
 * @property {boolean} several whether any number of them may be chosen
 * @property {(label: string) => void} pick
 * @property {() => void} leave the search is done: the focus goes back to the item
 */

export class Board {
  /** @type {Map<string, HTMLButtonElement>} */
  buttons = new Map();
  /** @type {string[]} label keys, in the order of the labels */
  tokens = [];
  /** @type {HTMLInputElement | null} */
  search = null;
  #active = "";

  /** @param {BoardOptions} options */
  constructor(options) {
    this.options = options;
    this.binary = !options.several && options.labels.length === 2;
    this.list = h("div", { class: "labels", id: "labels", role: "group", "aria-labelledby": "prompt" });
    this.element = h("div", { class: "board" });
    this.#draw();
  }

  /** The label that accepting means: the affirmative of the two. @returns {string} */
  get accepted() {
    const [first = "", second = ""] = this.options.labels;
    const no = /^(no|not .*|false|0|neg(ative)?|reject(ed)?|ham|none|other)$/i;
    return no.test(first) && !no.test(second) ? second : first;
  }

  /** @returns {string} */
  get rejected() {
    return this.options.labels.find((label) => label !== this.accepted) ?? "";
  }

  /**
   * The label a key stands for.
   * @param {string} token
   * @returns {string | undefined}
   */
  labelOf(token) {
    if (this.binary && token === this.options.keys.of("accept")) return this.accepted;
    if (this.binary && token === this.options.keys.of("reject")) return this.rejected;
    const at = this.tokens.indexOf(token);
    return at < 0 ? undefined : this.options.labels[at];
  }

  /** @param {Iterable<string>} chosen */
  press(chosen) {
    const on = new Set(chosen);
    for (const [label, button] of this.buttons) {
      // A single choice is done at once, so its buttons are no toggles to a screen reader.
      if (this.options.several) button.setAttribute("aria-pressed", String(on.has(label)));
      button.classList.toggle("chosen", on.has(label));
    }
  }

  /**
   * What the model holds likeliest, and how sure it is; nothing for no labels.
   * @param {string[]} labels
   * @param {number | null} [probability]
   */
  hint(labels, probability) {
    for (const [name, button] of this.buttons) {
      const here = labels.includes(name);
      button.classList.toggle("hinted", here);
      const note = button.querySelector(".hint");
      note?.remove();
      if (!here) continue;
      const sure = typeof probability === "number" ? ` ${Math.round(probability * 100)} %` : "";
      button.append(h("span", { class: "hint" }, `model${sure}`));
    }
  }

  /** Show that a key was taken. @param {string} label */
  flash(label) {
    const button = this.buttons.get(label);
    if (!button) return;
    button.classList.remove("hit");
    // Reading the size makes the browser forget the last run, so that it runs again.
    void button.offsetWidth;
    button.classList.add("hit");
  }

  #draw() {
    const { labels, keys, pick } = this.options;
    this.tokens = keys.labels(labels, this.binary);
    for (const [at, label] of labels.entries()) {
      const token = this.tokens[at] ?? "";
      const second = !this.binary ? "" : keys.of(label === this.accepted ? "accept" : "reject");
      const button = h(
        "button",
        {
          type: "button",
          class: "label",
          title: label,
          "aria-keyshortcuts": [token, second].filter(Boolean).join(" ") || null,
          onclick: () => pick(label),
        },
        token && h("kbd", { class: "key", "aria-hidden": "true" }, nameOf(token)),
        h("span", { class: "word" }, label),
        second && h("kbd", { class: "key second", "aria-hidden": "true" }, nameOf(second)),
      );
      this.buttons.set(label, button);
    }
    // As wide as the longest label asks for: ten digits stand in two rows on a phone, not in five.
    this.list.style.setProperty("--longest", String(Math.max(...labels.map((label) => label.length))));
    this.list.classList.toggle("binary", this.binary);
    this.list.classList.toggle("many", labels.length > 10);
    fill(this.list, ...this.buttons.values());
    fill(this.element, labels.length > MANY && this.#searchField(), this.list);
  }

  #searchField() {
    const { keys } = this.options;
    const search = h("input", {
      type: "search",
      id: "search",
      placeholder: `Search ${this.options.labels.length} labels${matchMedia("(pointer: coarse)").matches ? "" : `   ${nameOf(keys.of("search"))}`}`,
      "aria-label": "Search the labels",
      "aria-controls": "labels",
      autocomplete: "off",
      spellcheck: "false",
      enterkeyhint: "done",
    });
    search.addEventListener("input", () => this.#filter());
    search.addEventListener("keydown", (event) => this.#searchKey(event));
    this.search = search;
    const none = h("p", { class: "soft none", role: "status" });
    this.none = none;
    return h("div", { class: "search" }, search, none);
  }

  #filter() {
    const wanted = plain(this.search?.value ?? "");
    const ranked = this.options.labels
      .map((label, at) => ({ label, at, rank: rank(plain(label), wanted) }))
      .filter(({ rank }) => rank < 9)
      .sort((a, b) => a.rank - b.rank || a.at - b.at);
    fill(this.list, ...ranked.map(({ label }) => this.buttons.get(label)));
    if (this.none) this.none.textContent = ranked.length ? "" : "No label matches.";
    this.#point(wanted ? (ranked[0]?.label ?? "") : "");
    this.list.scrollTop = 0;
  }

  /** @param {string} label */
  #point(label) {
    this.buttons.get(this.#active)?.classList.remove("active");
    this.#active = label;
    const button = this.buttons.get(label);
    button?.classList.add("active");
    button?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    const token = tokenOf(event);
    const shown = /** @type {HTMLButtonElement[]} */ ([...this.list.children]);
    const at = shown.findIndex((button) => button === this.buttons.get(this.#active));
    if (token === "ArrowDown" || token === "ArrowUp") {
      const next = shown[(at + (token === "ArrowDown" ? 1 : -1) + shown.length) % shown.length];
      if (next) this.#point(next.title);
    } else if (token === "Enter" && !event.isComposing) {
      if (this.#active) {
        const label = this.#active;
        this.clear();
        this.options.leave();
        this.options.pick(label);
      }
    } else if (token === "Escape") {
      this.clear();
      this.options.leave();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Forget the search. */
  clear() {
    if (!this.search || !this.search.value) return;
    this.search.value = "";
    this.#filter();
  }
}

/** Lower case without accents. @param {string} text */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/**
 * How well a label matches: 0 begins so, 1 a word begins so, 2 holds it, 3 has its letters in order.
 * @param {string} label
 * @param {string} wanted
 */
function rank(label, wanted) {
  if (label.startsWith(wanted)) return 0;
  if (label.split(/[\s_\-/.:]+/).some((word) => word.startsWith(wanted))) return 1;
  if (label.includes(wanted)) return 2;
  let at = 0;
  for (const letter of label) if (letter === wanted[at]) at++;
  return at === wanted.length ? 3 : 9;
}
