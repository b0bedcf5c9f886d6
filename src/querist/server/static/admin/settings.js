// @ts-check
/** The settings: a field each, what a change means before it is made, what the server says of it. */

import { ApiError, post } from "../common/api.js";
import { $, fill, h, say } from "../common/dom.js";
import { count, money, noun } from "../insight/words.js";
import { sure } from "./sure.js";

/**
 * @typedef {object} Setting
 * @property {string} name
 * @property {string} title
 * @property {string} help
 * @property {"number" | "text" | "switch" | string[][]} kind
 * @property {(value: any, found: any) => string[]} [means] what a change sets off; asked about first
 */

/** @type {Setting[]} */
const SETTINGS = [
  { name: "budget", title: "Budget", help: "Labels that may be bought in all. Empty: no limit.", kind: "number", means: budgetMeans },
  { name: "price", title: "Price", help: "Money for one label. Empty: labels have no price.", kind: "number" },
  { name: "until", title: "Stop when", help: "Beside the budget, such as: target=0.9, plateau", kind: "text" },
  { name: "batch", title: "Batch", help: "Items chosen in one round.", kind: "number" },
  { name: "overlap", title: "Overlap", help: "People who answer an item, on average: 1.2 gives every fifth item to two.", kind: "number", means: overlapMeans },
  { name: "depth", title: "Depth of the queue", help: "Batches chosen ahead, so that nobody waits while a model trains.", kind: "number" },
  { name: "order", title: "Order", help: "How the items of a batch are served.", kind: [["rank", "most wanted first"], ["similar", "similar ones together"]] },
  { name: "suggestions", title: "Suggestions", help: "Show annotators what the model would say.", kind: "switch", means: suggestionsMean },
  { name: "strategy", title: "Strategy", help: "What chooses the items, such as auto or margin.", kind: "text", means: strategyMeans },
];

/** @param {any} value @param {any} found */
function budgetMeans(value, found) {
  const { price } = found.settings;
  const cost = (/** @type {number} */ n) => (price ? `, ${money(n * price)} at ${money(price)} each` : "");
  if (value === null) return ["Without a budget labels are bought until the other rules say stop, or nothing is left."];
  const more = value - found.bought;
  if (more <= 0) return [`${noun(found.bought, "label")} are bought already, so nobody is given tasks any more. What people hold can still be answered.`];
  return [`${noun(more, "more label")} may be bought${cost(more)}. The budget was ${found.settings.budget === null ? "open" : count(found.settings.budget)}.`];
}

/** @param {any} value */
function overlapMeans(value) {
  return [`From the next batch on each item is answered by ${value} people on average, and every answer counts against the budget.`];
}

/** @param {any} value */
function suggestionsMean(value) {
  return value
    ? ["Annotators will see the model's guess and its probability. People tend to follow it; what was shown is logged with each answer."]
    : ["Annotators will answer without seeing what the model thinks."];
}

/** @param {any} value */
function strategyMeans(value) {
  return [`From the next round on “${value}” chooses the items. Its comparison with random labels begins anew. This may take a few seconds.`];
}

/** What the server said last: a change is explained by how things stand now. @type {any} */
let latest = null;

/**
 * @param {any} found what GET settings gave
 * @param {(found: any) => void} changed
 */
export function showSettings(found, changed) {
  latest = found;
  const place = $("fields");
  // What is being written or looked at is not taken from under somebody's hands.
  if (place.querySelector("[data-dirty]") || place.contains(document.activeElement)) return;
  fill(place, ...SETTINGS.filter(({ name }) => name in found.settings).map((setting) => field(setting, found, changed)));
}

/**
 * @param {Setting} setting
 * @param {any} found
 * @param {(found: any) => void} changed
 */
function field(setting, found, changed) {
  const { name, title, help, kind, means } = setting;
  const value = name === "strategy" ? String(found.settings[name]).replace(/\(\)$/, "") : found.settings[name];
  const id = `set-${name}`;
  const described = { id, "aria-describedby": `${id}-help ${id}-error` };
  const save = h("button", { class: "button", type: "submit", hidden: true }, "Save");
  const error = h("p", { class: "error", id: `${id}-error`, role: "alert" });
  /** @type {HTMLInputElement | HTMLSelectElement} */
  let input;
  if (Array.isArray(kind)) {
    input = h("select", described, ...kind.map(([key, said]) => h("option", { value: key, selected: key === value }, said)));
  } else if (kind === "switch") {
    input = h("input", { ...described, type: "checkbox", role: "switch", checked: Boolean(value) });
  } else {
    const numeric = kind === "number" ? { inputmode: "decimal" } : {};
    input = h("input", { ...described, ...numeric, value: value ?? "", autocomplete: "off", spellcheck: "false" });
  }
  const form = h(
    "form",
    { class: kind === "switch" ? "setting switch" : "setting" },
    h("label", { for: id }, title),
    h("div", { class: "with-save" }, input, save),
    h("p", { class: "soft help", id: `${id}-help` }, help),
    error,
  );

  /** @returns {unknown} */
  const read = () => {
    if (input instanceof HTMLInputElement && kind === "switch") return input.checked;
    const text = input.value.trim();
    if (text === "") return null;
    return kind === "number" && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  const apply = async () => {
    const wanted = read();
    fill(error);
    if (means && !(await sure(`Change ${title.toLowerCase()}?`, means(wanted, latest), "Change it"))) return again(latest);
    save.disabled = true;
    try {
      const now = await post("settings", { [name]: wanted }, 130_000);
      say(`${title} is changed.`);
      again(now);
      changed(now);
    } catch (refused) {
      if (!(refused instanceof ApiError)) throw refused;
      fill(error, refused.message);
      input.setAttribute("aria-invalid", "true");
    } finally {
      save.disabled = false;
    }
  };
  /** @param {any} now draw this field anew, as it stands */
  const again = (now) => {
    const fresh = field(setting, now, changed);
    form.replaceWith(fresh);
    /** @type {HTMLElement | null} */ (fresh.querySelector("input, select"))?.focus();
  };
  input.addEventListener("input", () => {
    const dirty = String(read() ?? "") !== String(value ?? "");
    save.hidden = !dirty;
    input.removeAttribute("aria-invalid");
    fill(error);
    if (dirty) form.dataset["dirty"] = "";
    else delete form.dataset["dirty"];
  });
  if (kind === "switch" || Array.isArray(kind)) input.addEventListener("change", () => void apply());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void apply();
  });
  return form;
}
