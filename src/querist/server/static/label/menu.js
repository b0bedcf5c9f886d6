// @ts-check
/** What is rarely needed: size, theme, suggestions, the name. */

import { base, post, root } from "../common/api.js";
import { fill, h } from "../common/dom.js";
import { cycleTheme, theme } from "../common/theme.js";

/** @import { Page } from "./page.js" */

/** @param {HTMLElement} element @param {Page} page */
export function drawMenu(element, page) {
  const { store, session, me } = page;
  const again = () => drawMenu(element, page);
  /** @param {string} words @param {string} state @param {() => void} act */
  const entry = (words, state, act) =>
    h("li", {}, h("button", { type: "button", onclick: () => { act(); again(); } }, words, h("span", { class: "soft" }, state)));
  const size = Math.round(100 * 1.15 ** store.get("size", 0));
  fill(
    element,
    h("ul", { class: "menu" },
      me.role !== "annotator" && page.narrow && h("li", {}, h("a", { href: `${base}/insight` }, "Insight")),
      me.role === "owner" && page.narrow && h("li", {}, h("a", { href: `${base}/admin` }, "Admin")),
      entry("Theme", theme(), () => void cycleTheme()),
      h("li", { class: "sizes" }, "Size", h("span", {},
        h("button", { type: "button", "aria-label": "Smaller", onclick: () => { page.resize(-1); again(); } }, "−"),
        h("span", { class: "soft" }, `${size} %`),
        h("button", { type: "button", "aria-label": "Larger", onclick: () => { page.resize(1); again(); } }, "+"))),
      entry("Why this item", store.get("why", false) ? "shown" : "hidden", () => page.act("why")),
      session.question.suggestions && entry("Suggestions of the model", page.suggesting ? "shown" : "hidden", () => {
        store.set("suggestions", !page.suggesting);
        page.hint();
      }),
      entry("Keys", "?", () => page.help()),
      h("li", {}, h("a", { href: `${root}/account` }, "Account", h("span", { class: "soft" }, me.name))),
      h("li", {}, h("button", { type: "button", onclick: () => void leave(page) }, "Give my items back and leave"))),
  );
}

/** Others get what this page held at once, not when the leases end. @param {Page} page */
async function leave({ supply }) {
  supply.shown = supply.tasks = [];
  await post("release", { task_ids: null });
  location.assign(base ? `${root}/` : "about:blank");
}
