// @ts-check
/** The guidelines beside the item: the text, each class with its examples, and what is new. */

import { fill, h } from "../common/dom.js";
import { words } from "./views.js";

/** @import { ClassGuide, Guidelines, Question } from "./types.js" */

const ALLOWED = new Set([
  "P", "UL", "OL", "LI", "STRONG", "EM", "B", "I", "CODE", "PRE", "H1", "H2", "H3", "H4", "H5", "H6",
  "BLOCKQUOTE", "HR", "BR", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD", "A", "S", "DEL",
]);

/**
 * The server's HTML of the guidelines as elements, with nothing in them that could act.
 *
 * The server renders markdown with HTML switched off; this is the second lock on the same door.
 *
 * @param {string} html
 * @returns {DocumentFragment}
 */
export function harmless(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fragment = document.createDocumentFragment();
  for (const node of parsed.body.childNodes) copy(node, fragment);
  return fragment;
}

/** @param {Node} node @param {Node} into */
function copy(node, into) {
  if (node instanceof Text) {
    into.appendChild(document.createTextNode(node.data));
    return;
  }
  if (!(node instanceof Element)) return;
  if (["SCRIPT", "STYLE", "TEMPLATE"].includes(node.tagName)) return;
  let made = into;
  if (ALLOWED.has(node.tagName)) {
    const element = document.createElement(node.tagName);
    const link = node.getAttribute("href") ?? "";
    if (node.tagName === "A" && /^(https?:|mailto:|#)/i.test(link)) {
      element.setAttribute("href", link);
      element.setAttribute("rel", "noopener noreferrer");
      element.setAttribute("target", "_blank");
    }
    into.appendChild(element);
    made = element;
  }
  for (const child of node.childNodes) copy(child, made);
}

export class Panel {
  /**
   * @param {HTMLElement} element
   * @param {() => void} opened the annotator has the text in front of them now
   * @param {() => void} closed
   */
  constructor(element, opened, closed) {
    this.element = element;
    this.opened = opened;
    this.closed = closed;
  }

  /** @returns {boolean} */
  get open() {
    return !this.element.hidden;
  }

  /** @param {boolean} [on] */
  toggle(on = !this.open) {
    if (on === this.open) return;
    this.element.hidden = !on;
    document.body.classList.toggle("with-guidelines", on);
    if (on) {
      this.opened();
      this.element.focus();
    } else {
      this.closed();
    }
  }

  /** @param {Question} question */
  show({ guidelines, labels }) {
    const blank = !guidelines.html.trim() && Object.keys(guidelines.labels).length === 0;
    fill(
      this.element,
      h(
        "header",
        {},
        h("h2", { id: "guidelines-title" }, "Guidelines"),
        guidelines.version > 0 && h("span", { class: "soft" }, `version ${guidelines.version}`),
        h("button", { type: "button", class: "button plain close", "aria-label": "Close the guidelines", onclick: () => this.toggle(false) }, "Close"),
      ),
      blank
        ? h("p", { class: "soft" }, "The owner of this campaign has written no guidelines yet.")
        : guide(guidelines, labels),
    );
  }
}

/** @param {Guidelines} guidelines @param {string[]} labels */
function guide(guidelines, labels) {
  const body = h("div", { class: "prose" });
  body.append(harmless(guidelines.html));
  for (const label of labels) {
    const one = guidelines.labels[label];
    if (one) body.append(classGuide(label, one));
  }
  return body;
}

/** @param {string} label @param {ClassGuide} one */
function classGuide(label, one) {
  const section = h("section", { class: "class" }, h("h3", {}, label));
  if (one.html) section.append(harmless(one.html));
  const examples = one.examples ?? [];
  if (examples.length > 0) {
    section.append(h("ul", { class: "examples" }, ...examples.map((example) => h("li", {}, exampleText(example)))));
  }
  return section;
}

/** @param {unknown} example */
function exampleText(example) {
  if (typeof example === "object" && example !== null && "text" in example) return words(example.text);
  return words(example);
}
