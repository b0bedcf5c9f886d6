// @ts-check
/** The parts of the insight page: numbers in, elements out. */

import { h } from "../common/dom.js";
import { ago, count, decimal, moment, money, noun, percent, range, span } from "./words.js";

/** @typedef {import("../common/dom.js").Child} Child */

const ARMS = /** @type {Record<string, string>} */ ({
  open: "by the strategy",
  control: "at random, as control",
  requested: "by name",
  holdout: "for the holdout",
});

/**
 * A table; columns whose name begins with ">" hold numbers.
 * @param {string} caption for screen readers
 * @param {string[]} columns
 * @param {Child[][]} rows
 */
export function table(caption, columns, rows) {
  const number = columns.map((name) => name.startsWith(">"));
  const kind = (/** @type {number} */ at) => (number[at] ? { class: "number" } : {});
  return h(
    "table",
    {},
    h("caption", { class: "hush" }, caption),
    h("thead", {}, h("tr", {}, ...columns.map((name, at) => h("th", { scope: "col", ...kind(at) }, name.replace(/^>/, ""))))),
    h(
      "tbody",
      {},
      ...rows.map((cells) =>
        h("tr", {}, ...cells.map((cell, at) => (at === 0 ? h("th", { scope: "row", ...kind(at) }, cell) : h("td", kind(at), cell)))),
      ),
    ),
  );
}

/** @param {number} share of the track that is filled @param {boolean} [bad] */
export function gauge(share, bad = false) {
  const fill = h("span", { class: bad ? "fill bad" : "fill" });
  fill.style.setProperty("inline-size", `${Math.min(100, Math.max(0, 100 * share))}%`);
  return h("span", { class: "gauge", "aria-hidden": "true" }, fill);
}

/** @param {string} name @param {Child} value @param {Child} [note] @param {Node} [under] */
function tile(name, value, note, under) {
  return h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, value), note ? h("dd", {}, note) : null, under ? h("dd", {}, under) : null);
}

/** @param {any} found */
export function verdict(found) {
  const stop = found.stop.stop;
  if (found.campaign.paused) return { title: "Paused", why: "Nobody is given tasks until the campaign is resumed. Answers still count." };
  if (stop?.stop) return { title: "Stopping is suggested", why: sentence(stop.reason) };
  if (!found.model.version) return { title: "Collecting the first labels", why: "No model is trained yet." };
  const near = Object.entries(found.stop)
    .filter(([name, rule]) => name !== "stop" && rule.progress !== null)
    .sort(([, a], [, b]) => b.progress - a.progress)[0];
  return { title: "Goes on", why: near ? `Nearest to a stop, by ${near[0]}: ${sentence(near[1].reason)}` : "No stopping rule is set." };
}

/** @param {string} text */
const sentence = (text) => (text ? `${text[0]?.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}` : "");

/** @param {any} found */
export function tiles(found) {
  const { model, spend, queue, people } = found;
  const score = model.metric ? model.metrics[model.metric] : null;
  const today = people.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.today, 0);
  const active = people.filter((/** @type {any} */ one) => one.held || (one.last && found.at - one.last < 900));
  const shown = [
    score
      ? tile(model.metric, decimal(score.value), `${range(score)} (95 %)`)
      : tile("score", "–", "nothing measured yet"),
    spend.budget === null
      ? tile("labels bought", count(spend.bought))
      : tile("labels bought", count(spend.bought), `of ${count(spend.budget)}; ${count(spend.left)} left`, gauge(spend.bought / spend.budget)),
  ];
  if (spend.spent !== null) {
    shown.push(
      spend.allowed === null
        ? tile("money spent", money(spend.spent), `${money(spend.price)} a label`)
        : tile("money spent", money(spend.spent), `of ${money(spend.allowed)}; ${money(spend.price)} a label`, gauge(spend.spent / spend.allowed)),
    );
  }
  const holdout = queue.holdout_waiting + queue.holdout_held;
  shown.push(
    tile("waiting", count(queue.waiting), `${count(queue.held)} in people's hands` + (holdout ? `; holdout: ${count(holdout)}` : "")),
    tile("done", count(queue.done), `of ${noun(queue.items, "item")}`),
    tile("today", count(today), active.length ? `${noun(active.length, "person", "people")} at work` : "nobody at work"),
  );
  return shown;
}

/** @param {any} curve */
export function points(curve) {
  const rows = curve.rows.map((/** @type {any} */ row) => [String(row.round), count(row.labels), decimal(row.value), range(row), moment(row.at)]);
  const ahead = (curve.forecast?.rows ?? []).slice(1).map((/** @type {any} */ row) => ["forecast", count(row.labels), decimal(row.value), range(row), ""]);
  return table("Learning curve", ["round", ">training labels", `>${curve.metric ?? "score"}`, ">95 % interval", "measured"], [...rows, ...ahead]);
}

/** @param {any} found */
export function rules(found) {
  const single = Object.entries(found.stop).filter(([name]) => name !== "stop");
  if (!single.length) return [h("p", { class: "soft" }, "No stopping rule is set: labelling ends when the items or the people do.")];
  return [
    h(
      "ul",
      { class: "rules" },
      ...single.map(([name, rule]) =>
        h(
          "li",
          {},
          h("div", { class: "rule" }, h("strong", {}, name), h("span", { class: rule.stop ? "pill bad" : "pill" }, rule.stop ? "stop" : "goes on")),
          rule.progress === null ? null : gauge(rule.progress, rule.stop),
          h("p", { class: "soft" }, sentence(rule.reason)),
        ),
      ),
    ),
  ];
}

/** @param {any} found */
export function spend(found) {
  const { by, bought, spent } = found.spend;
  if (!by.length) return [h("p", { class: "soft" }, "No label was bought yet.")];
  const priced = spent !== null;
  const rows = by.map((/** @type {any} */ row) => [row.for, count(row.labels), ...(priced ? [money(row.money)] : [])]);
  return [
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Labels by what they were bought for" },
      table("Labels by what they were bought for", ["for", ">labels", ...(priced ? [">money"] : [])], [...rows, ["total bought", count(bought), ...(priced ? [money(spent)] : [])]]),
    ),
  ];
}

/** @param {any} found */
export function people(found) {
  if (!found.people.length) return h("p", { class: "soft" }, "Nobody has answered yet.");
  const overlap = found.people.some((/** @type {any} */ one) => one.pairs);
  const columns = ["person", ">labels", ">today", ">an hour at work", ">median seconds", ">passed on", ">taken back", ...(overlap ? [">agreement"] : []), ">holds", "last seen"];
  const rows = found.people.map((/** @type {any} */ one) => [
    one.by,
    count(one.answers),
    count(one.today),
    one.pace === null ? h("span", { class: "soft", title: "Known after three minutes of answers today" }, one.today ? "too short" : "–") : count(Math.round(one.pace)),
    one.seconds === null ? "–" : decimal(one.seconds, 1),
    count(one.skips),
    count(one.taken_back),
    ...(overlap ? [one.pairs ? h("span", { title: `${noun(one.pairs, "pair")} of answers about the same item` }, `${percent(one.agreement)} of ${count(one.pairs)}`) : "–"] : []),
    count(one.held),
    ago(one.last, found.at),
  ]);
  return table("People, by labels", columns, rows);
}

/** @param {any} found */
export function model(found) {
  const { model: now } = found;
  const said = [];
  if (now.version === null) said.push(h("p", {}, "The first model is trained when the first batch is labelled."));
  else {
    const on = now.measured_on === "holdout" ? ` (${count(now.holdout)} of them labelled)` : "";
    const late = now.measured_in !== null && now.measured_in !== now.round ? `, in round ${now.measured_in}` : "";
    said.push(h("p", {}, `Round ${now.round}, trained on ${noun(now.labels, "label")} ${ago(now.at, found.at)}; ${now.measured}${on}${late}. ${found.campaign.model}.`));
  }
  for (const note of now.notes) said.push(h("p", {}, sentence(note)));
  const names = Object.keys(now.metrics).sort((a, b) => Number(b === now.metric) - Number(a === now.metric));
  const rows = names.map((name) => [name.replaceAll("_", " "), decimal(now.metrics[name].value), range(now.metrics[name])]);
  return { said, table: rows.length ? table("Scores of the newest model", ["score", ">value", ">95 % interval"], rows) : h("p", { class: "soft" }, "Not measured yet.") };
}

/** @param {any} found */
export function classes(found) {
  const { rows } = found.classes;
  if (!rows.length) return null;
  const most = Math.max(1, ...rows.map((/** @type {any} */ row) => row.labels));
  const scored = rows.some((/** @type {any} */ row) => row.recall);
  const held = rows.some((/** @type {any} */ row) => row.held_out);
  return table(
    "Classes",
    ["class", ">training labels", ...(held ? [">holdout"] : []), ...(scored ? [">recall", ">95 % interval"] : [])],
    rows.map((/** @type {any} */ row) => [
      row.class,
      h("span", { class: "with-gauge" }, gauge(row.labels / most), h("span", { class: "of" }, count(row.labels))),
      ...(held ? [count(row.held_out)] : []),
      ...(scored ? [decimal(row.recall?.value), range(row.recall)] : []),
    ]),
  );
}

/** @param {any} found */
export function batch(found) {
  const { batch: last } = found;
  if (last.round === null) return { said: [h("p", {}, "No batch was chosen yet.")], table: null };
  const arms = Object.entries(last.arms).map(([name, n]) => `${count(Number(n))} ${ARMS[name] ?? name}`);
  const by = last.model_version === null ? "before there was a model" : `with model ${last.model_version}`;
  const parts = Object.entries(last.strategies).map(([name, n]) => `${name} ${count(Number(n))}`);
  const said = [h("p", {}, `Round ${last.round} queued ${noun(last.items, "item")} ${by}: ${arms.join(", ")}. Picked by ${parts.join(", ")}.`)];
  if (last.check) said.push(h("p", {}, last.check));
  if (last.items > last.rows.length) said.push(h("p", {}, `The first ${last.rows.length} of them:`));
  const texts = last.rows.some((/** @type {any} */ row) => row.text);
  const columns = ["item", ...(texts ? ["text"] : []), "chosen", "strategy", ">rank", ">score", ">chance", ">out of"];
  const rows = last.rows.map((/** @type {any} */ row) => [
    row.item_id,
    ...(texts ? [h("span", { class: "clip" }, row.text)] : []),
    row.arm === "open" ? "strategy" : row.arm,
    row.strategy,
    count(row.rank),
    decimal(row.score),
    decimal(row.probability),
    count(row.candidates),
  ]);
  return { said, table: table("Items of the last batch", columns, rows) };
}

/** @param {any} found */
export function waits(found) {
  const { rows, said } = found.waits;
  if (!said) return [h("p", { class: "soft" }, "Known after the second round.")];
  const late = rows.slice(-8).reverse();
  const shown = late.map((/** @type {any} */ row) => [String(row.round), count(row.labels), span(row.waiting), span(row.computing)]);
  return [
    h("p", { class: "soft" }, said),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Waiting and computing by round" },
      table("Waiting and computing by round, newest first", ["round", ">new labels", ">waited", ">computed"], shown),
    ),
  ];
}

/** @param {any} found */
export function activity(found) {
  return found.activity.slice(0, 14).map((/** @type {any} */ line) =>
    h("li", { class: line.kind }, h("span", {}, line.text), h("time", { class: "soft", datetime: new Date(1000 * line.at).toISOString(), title: moment(line.at) }, ago(line.at, found.at))),
  );
}

/** @param {any} found */
export function notes(found) {
  return found.notes.slice(0, 12).map((/** @type {any} */ note) =>
    h(
      "li",
      {},
      h("span", {}, note.flag ? h("span", { class: "pill bad" }, "flagged") : null, note.flag ? " " : null, `${note.item_id}, ${note.by}`, note.text ? `: ${note.text}` : null),
      h("time", { class: "soft", datetime: new Date(1000 * note.at).toISOString(), title: moment(note.at) }, ago(note.at, found.at)),
    ),
  );
}

/** @param {any} found what the work process said last */
export function work(found) {
  const last = found.work.at(-1);
  return last ? `The work process, ${ago(last.at, found.at)}: ${last.says}` : "";
}
