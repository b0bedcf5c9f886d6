// @ts-check
/** Asks before what costs something or cannot be taken back, and says what will happen. */

import { $, fill, h } from "../common/dom.js";

/**
 * @param {string} title
 * @param {string[]} sentences what will happen
 * @param {string} verb what the button says
 * @returns {Promise<boolean>} whether to go on
 */
export function sure(title, sentences, verb) {
  const dialog = /** @type {HTMLDialogElement} */ ($("sure"));
  fill($("sure-title"), title);
  fill($("sure-text"), ...sentences.map((text) => h("p", {}, text)));
  fill($("sure-yes"), verb);
  return new Promise((resolve) => {
    const done = new AbortController();
    /** @param {boolean} go */
    const end = (go) => {
      done.abort();
      dialog.close();
      resolve(go);
    };
    $("sure-yes").addEventListener("click", () => end(true), { signal: done.signal });
    $("sure-no").addEventListener("click", () => end(false), { signal: done.signal });
    dialog.addEventListener("cancel", () => end(false), { signal: done.signal });
    dialog.showModal();
    $("sure-no").focus();
  });
}
