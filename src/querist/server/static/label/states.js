// @ts-check
/** What stands in the item's place when there is none. */

import { h } from "../common/dom.js";

/** @import { Supply } from "./supply.js" */

/**
 * @param {Supply} supply
 * @param {{unsaved: number, login: string}} facts
 * @returns {HTMLElement}
 */
export function stateOf(supply, { unsaved, login }) {
  const kept = unsaved > 0 ? ` ${unsaved === 1 ? "One answer is" : `${unsaved} answers are`} kept here and will be sent.` : "";
  switch (supply.stock) {
    case "asking":
    case "ready":
      return state("quiet", "", "Looking for the next item");
    case "paused":
      return state("paused", "Paused", "The owner has paused this campaign. This page goes on by itself when it is resumed.");
    case "stopped":
      return state("stopped", "All done for now", `${ended(supply.reason.replace(/^stopped: */, "")) || "The campaign has stopped."} Thank you for your work.${kept}`);
    case "down":
      return state("down", navigator.onLine ? "The server is away" : "You are offline", `This page goes on by itself when it is back.${kept}`);
    case "login":
      return state("login", "You are logged out", `Log in again to go on.${kept}`, h("a", { class: "button primary", href: login }, "Log in"));
    case "dry":
      return state("dry", "The model is thinking", `${ended(supply.reason) || "It learns from the answers and chooses what to ask next."} New items come by themselves.`);
  }
}

/**
 * @param {string} name
 * @param {string} title
 * @param {string} text
 * @param {HTMLElement} [action]
 */
function state(name, title, text, action) {
  return h("div", { class: `state ${name}` },
    (name === "dry" || name === "quiet") && h("div", { class: "thinking", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    title && h("h2", {}, title), h("p", { class: "soft" }, text), action);
}

/** A sentence with a capital and an end. @param {string} text */
function ended(text) {
  const said = text.trim();
  if (!said) return "";
  return said.charAt(0).toUpperCase() + said.slice(1) + (/[.!?]$/.test(said) ? "" : ".");
}
