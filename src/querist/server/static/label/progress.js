// @ts-check
/** How far I am: mine today, my pace, what waits, what the model has learnt. */

import { ApiError, get } from "../common/api.js";
import { fill, h } from "../common/dom.js";
import { askMe } from "./campaign.js";

/** @import { Session } from "./session.js" */
/** @import { Supply } from "./supply.js" */

const PAUSE = 90_000; // a longer gap between two answers is a break, and not part of the pace
const LOOK = 40; // answers the pace is taken from

export class Progress {
  /** Answers of today before this session. */
  #before = 0;
  /** Whether an earlier page left answers that are still on their way. */
  #left;
  /** @type {{round: number, labels: number, value: number, low: number, high: number}[]} */
  #curve = [];
  #metric = "";

  /**
   * @param {HTMLElement} line
   * @param {HTMLElement} sheet
   * @param {Session} session
   * @param {Supply} supply
   */
  constructor(line, sheet, session, supply) {
    this.line = line;
    this.sheet = sheet;
    this.session = session;
    this.supply = supply;
    this.#left = session.outbox.unsaved > 0;
    sheet.addEventListener("toggle", () => this.show());
  }

  /** @param {number} today as the server had counted before anything was answered here */
  begin(today) {
    this.#before = today;
    this.show();
    if (this.#left) void this.#recount();
  }

  /** Count anew once what an earlier page left has arrived: nobody knows if it was counted. */
  async #recount() {
    const { outbox, times } = this.session;
    try {
      for (;;) {
        await outbox.empty();
        const given = times.length;
        const { today } = await askMe();
        if (outbox.unsaved > 0 || times.length !== given) continue;
        this.#before = today - given;
        this.show();
        return;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Ask for the curve; who may not see it goes without. */
  async learn() {
    try {
      const { rounds } = await get("curve");
      this.#take(rounds ?? []);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** A model was trained. @param {any} news */
  trained(news) {
    if (news?.metrics) this.#take([...this.#raw, news]);
  }

  /** @type {any[]} */
  #raw = [];

  /** @param {any[]} rounds */
  #take(rounds) {
    this.#raw = rounds;
    const named = rounds.findLast((round) => Object.keys(round.metrics ?? {}).length > 0);
    this.#metric = named ? (Object.keys(named.metrics)[0] ?? "") : "";
    this.#curve = rounds
      .filter((round) => round.metrics?.[this.#metric])
      .map((round) => ({ round: round.round, labels: round.labels, ...round.metrics[this.#metric] }));
    this.show();
  }

  /** Draw what is known. */
  show() {
    const mine = Math.max(this.#before + this.session.times.length, 0);
    const rate = pace(this.session.times);
    const last = this.#curve.at(-1);
    const first = this.#curve.at(-2);
    fill(
      this.line,
      h("span", {},
        h("b", {}, mine.toLocaleString("en")),
        " today",
        rate !== null && h("span", { class: "wide" }, ` · ${rate} a minute`),
        last && h("span", { class: "wide" }, ` · model ${score(last.value)}${arrow(first, last)}`)),
    );
    if (this.sheet.matches(":popover-open")) this.#more(mine, rate);
  }

  /** @param {number} mine @param {number | null} rate */
  #more(mine, rate) {
    const last = this.#curve.at(-1);
    const first = this.#curve.at(-2);
    const waiting = this.supply.waiting;
    fill(
      this.sheet,
      h("dl", { class: "facts" },
        ...fact("Mine today", mine.toLocaleString("en")),
        ...fact("My pace", rate === null ? "—" : `${rate} a minute`),
        ...fact("Waiting in the queue", waiting === null ? "—" : waiting.toLocaleString("en")),
        ...(last ? fact(`Model, ${this.#metric.replaceAll("_", " ")}`, `${score(last.value)}${arrow(first, last)}`) : []),
      ),
      this.#curve.length > 1 && spark(this.#curve),
      last && h("p", { class: "soft" }, `Measured with an interval of ${score(last.low)} to ${score(last.high)}.`),
    );
  }
}

/** @param {number[]} times @returns {number | null} answers a minute, breaks left out */
export function pace(times) {
  const last = times.slice(-LOOK);
  let spent = 0;
  let counted = 0;
  for (let at = 1; at < last.length; at++) {
    const gap = (last[at] ?? 0) - (last[at - 1] ?? 0);
    if (gap > PAUSE) continue;
    spent += gap;
    counted++;
  }
  return counted < 3 || spent <= 0 ? null : Math.round((counted / spent) * 60_000);
}

/** @param {string} name @param {string} value */
function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

/** @param {number} value */
function score(value) {
  return value.toFixed(Math.abs(value) < 10 ? 3 : 1);
}

/** @param {{value: number} | undefined} before @param {{value: number}} now */
function arrow(before, now) {
  if (!before || before.value === now.value) return "";
  return now.value > before.value ? " ↑" : " ↓";
}

/** @param {{value: number}[]} curve */
function spark(curve) {
  const values = curve.map(({ value }) => value);
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const points = values.map((value, at) => `${((at / (values.length - 1)) * 100).toFixed(1)},${(28 - ((value - low) / span) * 24).toFixed(1)}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 32");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Score over ${values.length} rounds, from ${score(values[0] ?? 0)} to ${score(values.at(-1) ?? 0)}`);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  path.setAttribute("points", points.join(" "));
  svg.append(path);
  return svg;
}
