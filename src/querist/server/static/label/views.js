// @ts-check
/** What an item looks like. Everything an item holds is set as text, never as HTML. */

import { h } from "../common/dom.js";
import { pictureOf } from "./supply.js";

/** @import { Task } from "./types.js" */

const LONG = 700; // characters from which a text is set smaller
const SHORT = 140; // up to which it is set large
const BARS = 256; // numbers of a vector drawn as bars

/**
 * The element that shows a task.
 * @param {Task} task
 * @param {HTMLImageElement} [picture] loaded already
 * @returns {HTMLElement}
 */
export function viewOf(task, picture) {
  const item = task.item;
  if (pictureOf(task)) return imageView(task, picture);
  if (typeof item === "string") return textView(item);
  if (Array.isArray(item)) return vectorView(item);
  if (isRow(item)) {
    const { text, ...rest } = item;
    if (typeof text === "string" && task.kind !== "table") {
      return h("div", { class: "with-context" }, textView(text), rowView(rest));
    }
    return rowView(item);
  }
  return textView(words(item));
}

/**
 * A few words that name a task in a list.
 * @param {Task} task
 * @returns {string}
 */
export function gist(task) {
  const { item } = task;
  if (pictureOf(task)) return `image ${task.item_id}`;
  if (typeof item === "string") return cut(item);
  if (isRow(item)) {
    if (typeof item["text"] === "string") return cut(item["text"]);
    return cut(Object.entries(item).map(([name, value]) => `${name} ${words(value)}`).join(", "));
  }
  return cut(words(item));
}

/** @param {string} text */
function textView(text) {
  const size = text.length <= SHORT ? "short" : text.length > LONG ? "long" : "middle";
  return h("div", { class: `text ${size}`, dir: "auto" }, text);
}

/** @param {Task} task @param {HTMLImageElement} [picture] */
function imageView(task, picture) {
  const image = picture ?? new Image();
  if (!picture) image.src = pictureOf(task);
  image.alt = `Image ${task.item_id}`;
  image.draggable = false;
  const frame = h("div", { class: "image" }, image);
  const judge = () => {
    // A thumbnail of some pixels is enlarged with its pixels sharp, as it was taken.
    frame.classList.toggle("tiny", image.naturalWidth > 0 && image.naturalWidth <= 96);
    frame.style.setProperty("--natural", `${Math.max(image.naturalWidth, 1)}px`);
    frame.style.setProperty("--ratio", String(Math.max(image.naturalWidth, 1) / Math.max(image.naturalHeight, 1)));
  };
  const broken = () => frame.replaceChildren(h("p", { class: "note bad" }, "This image cannot be shown. Skip it with a reason, so that the owner hears of it."));
  if (image.complete && image.naturalWidth > 0) judge();
  else if (image.complete && image.src) broken();
  image.addEventListener("load", judge);
  image.addEventListener("error", broken);
  return frame;
}

/** @param {Record<string, unknown>} row */
function rowView(row) {
  const pairs = Object.entries(row).map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", { class: typeof value === "number" ? "figure" : "", dir: "auto" }, words(value))),
  );
  return h("dl", { class: `row${pairs.length > 12 ? " wide" : ""}` }, ...pairs);
}

/** @param {unknown[]} values */
function vectorView(values) {
  const numbers = values.map(Number).filter(Number.isFinite);
  const largest = Math.max(...numbers.slice(0, BARS).map(Math.abs), 1e-12);
  const bars = h("div", { class: "bars", "aria-hidden": "true" });
  for (const value of numbers.slice(0, BARS)) {
    const bar = h("i", { class: value < 0 ? "below" : "", title: number(value) });
    bar.style.setProperty("--size", `${(Math.abs(value) / largest) * 100}%`);
    bars.append(bar);
  }
  const list = h("ol", { class: "numbers", start: "0" }, ...values.map((value) => h("li", {}, words(value))));
  return h("div", { class: "vector" }, bars, list);
}

/** @param {unknown} value @returns {string} */
export function words(value) {
  if (value === null || value === undefined || value === "") return "—";
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** @param {number} value */
function number(value) {
  // As the data has it: a year or a postal code is no 2,024.
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** @param {string} text */
function cut(text) {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > 120 ? `${flat.slice(0, 117)}…` : flat;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isRow(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
