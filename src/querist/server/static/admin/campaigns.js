// @ts-check
/** The campaigns side by side. */

import { ApiError, get } from "../common/api.js";
import { $, fill, h } from "../common/dom.js";
import { bindThemeButton } from "../common/theme.js";
import { gauge, table } from "../insight/parts.js";
import { ago, count, decimal, money, range } from "../insight/words.js";

const EVERY = 10_000;
const owner = $("main").dataset["role"] === "owner";

/** @param {any} one */
function links(one) {
  const pages = /** @type {[string, string][]} */ ([["label", "/"], ["insight", "/insight"], ...(owner ? [["admin", "/admin"]] : [])]);
  return h("span", { class: "links" }, ...pages.map(([name, path]) => h("a", { href: `${one.base}${path}`, "aria-label": `${one.name}: ${name}` }, name)));
}

/** @param {any} one */
function standing(one) {
  if (one.error) return h("span", { class: "pill bad" }, "cannot be opened");
  if (one.paused) return h("span", { class: "pill" }, "paused");
  if (one.stop) return h("span", { class: "pill good", title: one.stop }, "stop suggested");
  return h("span", { class: "pill" }, "goes on");
}

/** @param {any} one */
function row(one) {
  if (one.error) return [one.name, standing(one), ...Array(8).fill("")];
  const bought = one.budget
    ? h("span", { class: "with-gauge" }, gauge(one.bought / one.budget), `${count(one.bought)} of ${count(one.budget)}`)
    : count(one.bought);
  return [
    h("a", { href: `${one.base}/insight` }, one.name),
    standing(one),
    one.score ? `${one.metric} ${decimal(one.score.value)}` : "–",
    range(one.score),
    bought,
    money(one.spent),
    `${count(one.labels)} of ${count(one.items)}`,
    count(one.waiting),
    ago(one.last),
    links(one),
  ];
}

async function look() {
  try {
    const { campaigns } = await get("/api/v1/overview", 60_000);
    const columns = ["campaign", "", "score", "95 % interval", ">labels bought", ">money", ">items done", ">waiting", "last activity", "go to"];
    fill($("list"), table("Campaigns side by side", columns, campaigns.map(row)), ...campaigns.filter((/** @type {any} */ one) => one.error).map((/** @type {any} */ one) => h("p", { class: "error" }, one.error)));
    $("error").hidden = true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill($("error"), error.message);
    $("error").hidden = false;
  }
  setTimeout(look, EVERY);
}

bindThemeButton();
void look();
