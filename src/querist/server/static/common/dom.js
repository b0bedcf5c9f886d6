// @ts-check
/** Elements made in one line. Texts are set as text, so nothing in them is ever read as HTML. */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Make an element.
 *
 * Attributes beginning with "on" are listeners; `true` is an empty attribute, and `false`, null
 * and undefined leave an attribute out.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  fill(element, ...children);
  return element;
}

/**
 * Replace what an element holds.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  /** @type {(Node | string)[]} */
  const kept = [];
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    kept.push(child instanceof Node ? child : String(child));
  }
  element.replaceChildren(...kept);
}

/**
 * The one element of this id; an error names it when the page lacks it.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function $(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element with the id ${id}`);
  return found;
}

let spoken = 0;

/**
 * Have a screen reader say a sentence, after what it is saying now.
 * @param {string} text
 */
export function say(text) {
  const region = document.getElementById("live");
  if (!region) return;
  // The same words twice would not be read again: an invisible mark makes them differ.
  region.textContent = text + "\u200b".repeat(spoken++ % 2);
}

/**
 * Run once what is on its way to the screen has been painted; soon, where nothing is painted.
 * @param {() => void} work
 */
export function afterPaint(work) {
  if (document.hidden) {
    setTimeout(work, 0);
    return;
  }
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = work;
    channel.port2.postMessage(0);
  });
}
