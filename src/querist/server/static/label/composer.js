// @ts-check
/** One line for words of the annotator's own: a comment, or why an item is passed on. */

import { fill, h } from "../common/dom.js";
import { tokenOf } from "./keys.js";

const REASONS = ["Unclear", "No label fits", "Broken or empty", "Seen before", "Should not be here"];

/** @import { Store } from "./store.js" */

export class Composer {
  #draft = "";

  /**
   * @param {HTMLElement} element
   * @param {Store} store
   * @param {() => void} closed
   */
  constructor(element, store, closed) {
    this.element = element;
    this.store = store;
    this.closed = closed;
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @returns {boolean} */
  get open() {
    return !this.element.hidden;
  }

  /**
   * Ask for a comment on the item.
   * @param {string} item its task id, under which a draft is kept
   * @param {(text: string) => void} done
   */
  comment(item, done) {
    this.#open("Comment", `said:${item}`, [], done);
  }

  /**
   * Ask why the item is passed on.
   * @param {string} item
   * @param {(reason: string) => void} done
   */
  reason(item, done) {
    this.#open("Why skip it?", `said:${item}`, REASONS, done);
  }

  /** Close; what was typed stays as a draft. */
  close() {
    if (!this.open) return;
    this.element.hidden = true;
    this.closed();
  }

  /**
   * @param {string} title
   * @param {string} draft
   * @param {string[]} reasons
   * @param {(text: string) => void} done
   */
  #open(title, draft, reasons, done) {
    this.#draft = draft;
    this.reasons = reasons;
    this.done = done;
    const field = h("textarea", { id: "said", rows: 1, maxlength: 2000, "aria-label": title, enterkeyhint: "send", placeholder: reasons.length ? "Or in your own words" : "What should the owner know?" });
    field.value = this.store.get(draft, "");
    field.addEventListener("input", () => this.store.set(draft, field.value || undefined));
    this.field = field;
    fill(
      this.element,
      h("strong", {}, title),
      reasons.length > 0 &&
        h("div", { class: "reasons" }, ...reasons.map((reason, at) =>
          h("button", { type: "button", class: "button", onclick: () => this.#send(reason) }, h("kbd", { class: "key", "aria-hidden": "true" }, at + 1), reason),
        )),
      h("div", { class: "line" }, field,
        h("button", { type: "button", class: "button", onclick: () => this.#send(field.value) }, reasons.length ? "Skip" : "Send"),
        h("button", { type: "button", class: "button plain", onclick: () => this.close() }, "Cancel")),
    );
    this.element.hidden = false;
    field.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const token = tokenOf(event);
    const typing = event.target === this.field;
    const reason = this.reasons?.[Number(token) - 1];
    if (token === "Escape") this.close();
    else if (reason && /^\d$/.test(token) && !this.field?.value) this.#send(reason);
    else if (typing && token === "Enter" && !event.shiftKey && !event.isComposing) this.#send(this.field?.value ?? "");
    else {
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string} text */
  #send(text) {
    const said = text.trim();
    if (!said && !this.reasons?.length) return;
    this.store.set(this.#draft, undefined);
    this.close();
    this.done?.(said);
  }
}
