// @ts-check
/** The admin page: what stands, and what an owner may change of it. */

import { ApiError, Asking, address, get, post } from "../common/api.js";
import { $, fill, h, say } from "../common/dom.js";
import { listen } from "../common/live.js";
import { bindThemeButton } from "../common/theme.js";
import { table } from "../insight/parts.js";
import { count, moment, noun } from "../insight/words.js";
import { bindGuidelines, loadGuidelines } from "./guidelines.js";
import { bindHooks, loadHooks } from "./hooks.js";
import { bindPeople, loadPeople } from "./people.js";
import { showSettings } from "./settings.js";
import { sure } from "./sure.js";

const KINDS = /** @type {Record<string, string>} */ ({ csv: "text/csv", tsv: "text/tab-separated-values", jsonl: "application/jsonl", ndjson: "application/jsonl" });
const pause = /** @type {HTMLButtonElement} */ ($("pause"));
/** @type {any} */
let now = null;
/** @type {number | undefined} */
let timer;
const asking = new Asking();

/** @param {any} found what GET settings gave */
function show(found) {
  asking.anew(); // what an act of this page gave is newer than what is on its way
  now = found;
  const { paused, budget } = found.settings;
  fill($("state"), paused ? "Paused" : found.stop ? "Stopping is suggested" : "Running");
  const bought = budget === null ? noun(found.bought, "label") : `${count(found.bought)} of ${noun(budget, "label")}`;
  const held = found.stop && !paused ? ` No more items are chosen, for ${found.stop}. A larger budget or other rules make it go on.` : "";
  fill($("state-why"), `${bought} bought, ${count(found.waiting)} waiting, ${noun(found.items, "item")} in the pool.${held}`);
  pause.disabled = false;
  pause.textContent = paused ? "Resume" : "Pause";
  showSettings(found, show);
  fill($("items-said"), `${noun(found.items, "item")} so far. Each new one draws its role by its id, as the first did.`);
  const labels = found.question.labels;
  $("class-form").hidden = !labels;
  fill(
    $("class-list"),
    labels
      ? h("ul", { class: "chips" }, ...labels.map((/** @type {string} */ name) => h("li", {}, name)))
      : h("p", { class: "soft" }, "The question asks for a number, so there are no classes."),
  );
  const rows = found.log.map((/** @type {any} */ line) => [moment(line.at), line.by, line.name, plain(line.old), plain(line.new)]);
  fill($("log"), rows.length ? table("Changed settings, newest first", ["when", "who", "setting", "old", "new"], rows) : h("p", { class: "soft" }, "Nothing was changed since the campaign was opened."));
  $("main").setAttribute("aria-busy", "false");
}

/** @param {unknown} value */
function plain(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

async function load() {
  const last = asking.anew();
  try {
    const found = await get("settings", 60_000);
    if (last()) show(found);
    $("error").hidden = true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill($("error"), error.message);
    $("error").hidden = false;
  }
}

/** @param {HTMLElement} place @param {() => Promise<void>} act */
async function attempt(place, act) {
  fill(place);
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill(place, error.message);
    place.hidden = false;
  }
}

async function togglePause() {
  const paused = Boolean(now?.settings.paused);
  const said = paused
    ? [`${noun(now.waiting, "task")} wait and are handed out again.`]
    : ["Nobody is given a task until you resume. What people hold can still be answered, and nothing is lost."];
  if (!(await sure(paused ? "Resume the campaign?" : "Pause the campaign?", said, paused ? "Resume" : "Pause"))) return;
  await attempt($("error"), async () => show(await post("settings", { paused: !paused })));
  say(paused ? "The campaign goes on." : "The campaign is paused.");
}

/** @param {Event} event */
async function addClass(event) {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ ($("class-name"));
  const name = input.value.trim();
  const said = [
    `Annotators can choose “${name}” at once, behind the classes there are. It cannot be taken away again.`,
    "Labels, models and scores so far stay as they are. The next round trains with it; until it has labels no item is likely to be chosen for it.",
  ];
  if (!name || !(await sure(`Add the class “${name}”?`, said, "Add it"))) return;
  await attempt($("class-error"), async () => {
    await post("classes", { add: name });
    input.value = "";
    say(`${name} can be answered now.`);
    await Promise.all([load(), loadGuidelines()]);
  });
}

/** @param {Event} event */
async function importItems(event) {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ ($("import-file"));
  const file = input.files?.[0];
  if (!file) return fill($("import-error"), "Choose a file first.");
  const kind = KINDS[file.name.split(".").pop()?.toLowerCase() ?? ""];
  if (!kind) return fill($("import-error"), `${file.name} is none of .csv, .tsv, .jsonl.`);
  const said = [`The items of ${file.name} (${count(Math.ceil(file.size / 1024))} KB) are added behind the ${count(now.items)} there are. They cannot be taken out again.`];
  if (!(await sure("Import these items?", said, "Import"))) return;
  await attempt($("import-error"), async () => {
    const token = /** @type {HTMLMetaElement} */ (document.querySelector('meta[name="csrf"]')).content;
    const response = await fetch(address("items"), { method: "POST", headers: { "Content-Type": kind, "X-Querist-CSRF": token }, body: file, credentials: "same-origin" });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new ApiError(response.status, answer.error ?? `The server answered ${response.status}.`, answer);
    input.value = "";
    fill($("import-error"));
    say(`${noun(answer.added, "item")} came in.`);
    await load();
  });
}

/** After news; what was said of somebody's own act stays there. @param {() => Promise<void>} act */
async function again(act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // `load` says that the server is away
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    void load();
    void again(() => loadHooks());
  }, 400);
}

function changed() {
  soon();
  void again(() => loadGuidelines());
}

bindThemeButton();
bindGuidelines();
bindPeople();
bindHooks();
pause.addEventListener("click", () => void togglePause());
$("class-form").addEventListener("submit", (event) => void addClass(event));
$("import").addEventListener("submit", (event) => void importItems(event));
listen({
  told: soon,
  queued: soon,
  changed,
  up: changed,
});
void load();
void attempt($("guide-error"), () => loadGuidelines());
void attempt($("invite-error"), () => loadPeople());
void attempt($("hook-error"), () => loadHooks());
