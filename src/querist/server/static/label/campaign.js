// @ts-check
/** Who is here, and what is asked: the two answers the page begins with. */

import { base, get } from "../common/api.js";

/** @import { Question } from "./types.js" */

/** @typedef {{name: string, role: string, today: number}} Me */

/** Ask for the question, in the shape the page goes by. @returns {Promise<Question>} */
export async function askQuestion() {
  const given = await get("question");
  const labels = Array.isArray(given.labels) ? given.labels.map(String) : [];
  return {
    kind: given.kind,
    labels,
    low: given.low ?? null,
    high: given.high ?? null,
    campaign: String(given.campaign?.id ?? `${base}:${document.title}:${labels.join()}`),
    guidelines: {
      version: Number(given.guidelines?.version) || 0,
      html: String(given.guidelines?.html ?? ""),
      labels: given.guidelines?.labels ?? {},
    },
    suggestions: given.suggestions === true,
    paused: given.paused === true,
    settings: given.settings ?? {},
  };
}

/** @returns {Promise<Me>} */
export async function askMe() {
  const { name, role, today } = await get("me");
  return { name: String(name), role: String(role), today: Number(today) || 0 };
}

/**
 * Why an item was chosen, in words; "" when there is nothing to say.
 * @param {Record<string, unknown> | undefined} why
 * @returns {string}
 */
export function reasonOf(why) {
  if (!why) return "";
  const { strategy, score, rank, candidates, model_version: model } = why;
  if (typeof strategy !== "string") return "";
  if (model === null) return `Chosen by ${strategy} to begin with, before there is a model.`;
  const place = typeof rank === "number" ? `, ${ordinal(rank + 1)} of its batch` : "";
  const among = typeof candidates === "number" && candidates > 1 ? `, from ${candidates.toLocaleString("en")} items` : "";
  const high = typeof score === "number" ? ` (score ${Number(score.toPrecision(3))})` : "";
  return `Chosen by ${strategy}${high}${among}${place}: the model learns most from items like this one.`;
}

/** @param {number} n */
function ordinal(n) {
  const end = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${end}`;
}
