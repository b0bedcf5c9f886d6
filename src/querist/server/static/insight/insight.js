// @ts-check
/** The insight page: asks for the numbers, shows them, and asks again when something happened. */

import { ApiError, get } from "../common/api.js";
import { $, fill, h, say } from "../common/dom.js";
import { listen } from "../common/live.js";
import { bindThemeButton } from "../common/theme.js";
import { activity, batch, classes, model, people, notes, points, rules, spend, tiles, verdict, waits, work } from "./parts.js";
import { show } from "./figure.js";

const PAUSE = 1_000; // milliseconds between two looks at most, however much happens
const REST = 30_000; // leases lapse and minutes pass without an event
const AGAIN = 4_000; // after a look that failed

/** @type {number | undefined} */
let timer;
let busy = false;
let wanted = false;
let figure = "";
let stopped = "";

/** @param {any} found */
function render(found) {
  const state = verdict(found);
  fill($("verdict"), state.title);
  fill($("verdict-why"), state.why);
  fill($("tiles"), ...tiles(found));
  fill($("curve-said"), ...found.curve.said.map((/** @type {string} */ text) => h("p", {}, text)));
  const numbers = /** @type {HTMLElement} */ ($("curve-numbers").querySelector(".scroll"));
  $("curve-numbers").hidden = !found.curve.rows.length;
  fill(numbers, points(found.curve));
  // Drawing is what costs; the same figure is not drawn twice.
  const drawn = JSON.stringify(found.curve.figure);
  if (drawn !== figure) show($("curve"), found.curve.figure);
  figure = drawn;
  fill($("rules"), ...rules(found));
  fill($("spend"), ...spend(found));
  fill($("people"), people(found));
  fill($("model-said"), ...model(found).said);
  fill($("model"), model(found).table);
  fill($("classes"), classes(found));
  const why = batch(found);
  fill($("batch-said"), ...why.said);
  fill($("batch"), why.table);
  fill($("waits"), ...waits(found));
  fill($("activity"), ...activity(found));
  fill($("notes"), ...notes(found));
  $("noted").hidden = !found.notes.length;
  fill($("work"), work(found));
  $("main").setAttribute("aria-busy", "false");
  const now = found.stop.stop?.stop ? found.stop.stop.reason : "";
  if (now && now !== stopped) say(`Stopping is suggested: ${now}`);
  stopped = now;
}

async function look() {
  clearTimeout(timer);
  if (busy) {
    wanted = true;
    return;
  }
  busy = true;
  let rest = REST;
  try {
    render(await get("insight", 60_000));
    $("error").hidden = true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill($("error"), error.message);
    $("error").hidden = false;
    rest = AGAIN;
  } finally {
    busy = false;
    timer = setTimeout(look, wanted ? PAUSE : rest);
    wanted = false;
  }
}

/** Look soon, but once for all that happens until then. */
function soon() {
  if (busy || wanted) {
    wanted = true;
    return;
  }
  wanted = true;
  clearTimeout(timer);
  timer = setTimeout(() => {
    wanted = false;
    void look();
  }, PAUSE / 4);
}

bindThemeButton();
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") soon(); // timers of a hidden page run late
});
listen({
  told: soon,
  queued: soon,
  trained: soon,
  changed: soon,
  stop: soon,
  up: soon,
  down: soon, // a page that is just being loaded again hears of it too: asking tells
});
void look();
