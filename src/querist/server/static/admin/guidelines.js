// @ts-check
/** The guidelines editor: Markdown with a preview, a text and examples a class, every version. */

import { ApiError, Asking, get, post } from "../common/api.js";
import { $, fill, h, say } from "../common/dom.js";
import { ago, moment, noun } from "../insight/words.js";

const WAIT = 300; // milliseconds of rest before the preview is asked for

const text = /** @type {HTMLTextAreaElement} */ ($("guide-text"));
const versions = /** @type {HTMLSelectElement} */ ($("guide-version"));
const save = /** @type {HTMLButtonElement} */ ($("guide-save"));

let current = 0;
let dirty = false;
let past = false; // an old version is looked at
/** @type {number | undefined} */
let timer;
const asking = new Asking();

/** What is asked from now on, or typed, is what counts. */
function supersede() {
  clearTimeout(timer);
  return asking.anew();
}

/**
 * HTML that the server made of Markdown: tags in the text are text already.
 * @param {Element} place
 * @param {string} html
 */
function put(place, html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  place.replaceChildren(...parsed.body.childNodes);
  if (!place.hasChildNodes()) fill(place, h("p", { class: "soft" }, "Nothing is written yet."));
}

async function preview() {
  const last = supersede();
  try {
    const { html } = await post("guidelines/preview", { text: text.value });
    if (last()) put($("preview"), html);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (last()) fill($("preview"), h("p", { class: "error" }, error.message));
  }
}

/** @param {boolean} now */
function setDirty(now) {
  dirty = now;
  save.disabled = !now;
  save.textContent = now ? `Save as version ${current + 1}` : "Save";
}

/** @param {string} name @param {any} about */
function aboutClass(name, about) {
  const written = Boolean(about?.text || about?.examples?.length);
  return h(
    "details",
    { class: "about", "data-label": name },
    h("summary", {}, name, h("span", { class: "soft" }, written ? ` · ${noun(about.examples.length, "example")}` : " · nothing written")),
    h("label", { class: "field" }, h("span", {}, `What ${name} means`), h("textarea", { rows: 3, "data-part": "text" }, about?.text ?? "")),
    h("label", { class: "field" }, h("span", {}, "Examples, one a line"), h("textarea", { rows: 3, "data-part": "examples" }, (about?.examples ?? []).join("\n"))),
  );
}

/** @param {any} found */
function show(found) {
  text.value = found.text;
  text.disabled = false; // what is written before would hide what is there
  put($("preview"), found.html);
  fill($("guide-classes"), ...found.classes.map((/** @type {string} */ name) => aboutClass(name, found.labels[name])));
  const latest = found.versions[0]?.version ?? 0;
  fill(
    versions,
    ...found.versions.map((/** @type {any} */ one) =>
      h("option", { value: one.version, selected: one.version === found.version }, `Version ${one.version}, ${one.by}, ${moment(one.at)}`),
    ),
  );
  versions.disabled = !found.versions.length;
  if (!found.versions.length) fill(versions, h("option", {}, "No version yet"));
  current = latest;
  past = found.version !== latest;
  setDirty(false);
  save.disabled = !past;
  if (past) save.textContent = `Bring back as version ${latest + 1}`;
  const one = found.versions.find((/** @type {any} */ v) => v.version === found.version);
  fill($("guide-said"), one ? (past ? "An old version; annotators see a newer one." : `Annotators see this version since ${ago(one.at)}.`) : "");
}

/** @param {number} [version] */
export async function loadGuidelines(version) {
  // What is being written or looked at is not taken from under somebody's hands.
  if (version === undefined && (dirty || past || $("guide").contains(document.activeElement))) return;
  const last = supersede();
  const found = await get(version === undefined ? "guidelines" : `guidelines?version=${version}`);
  if (last()) show(found);
}

function written() {
  /** @type {Record<string, {text: string, examples: string[]}>} */
  const labels = {};
  for (const place of document.querySelectorAll("#guide-classes details")) {
    const [about, examples] = [...place.querySelectorAll("textarea")].map((area) => area.value.trim());
    const name = /** @type {HTMLElement} */ (place).dataset["label"] ?? "";
    const lines = (examples ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
    if (about || lines.length) labels[name] = { text: about ?? "", examples: lines };
  }
  return { text: text.value, labels, version: current };
}

/** Begin to listen to the editor. */
export function bindGuidelines() {
  $("guide").addEventListener("input", (event) => {
    if (event.target === versions) return;
    setDirty(true);
    supersede();
    timer = setTimeout(preview, WAIT);
  });
  versions.addEventListener("change", async () => {
    setDirty(false);
    past = Number(versions.value) !== current;
    await loadGuidelines(Number(versions.value));
  });
  $("guide").addEventListener("submit", async (event) => {
    event.preventDefault();
    fill($("guide-error"));
    save.disabled = true;
    const last = supersede();
    try {
      const found = await post("guidelines", written());
      if (last()) {
        show(found);
      } else {
        current = found.version; // what was typed meanwhile stays, and is the next version
        setDirty(dirty);
      }
      say(`Version ${found.version} of the guidelines is what annotators see now.`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill($("guide-error"), error.message);
      save.disabled = false;
    }
  });
  addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
}
