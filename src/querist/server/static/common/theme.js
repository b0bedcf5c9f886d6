// @ts-check
/** The colour theme: the system's, or the one chosen here. */

const KEY = "querist.theme";
const ORDER = /** @type {const} */ (["system", "light", "dark"]);
const system = matchMedia("(prefers-color-scheme: dark)");

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {Theme} the choice that stands */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** @returns {boolean} whether the page is dark now */
export function isDark() {
  return theme() === "dark" || (theme() === "system" && system.matches);
}

/**
 * Set the theme and keep it for all pages.
 * @param {Theme} chosen
 */
export function setTheme(chosen) {
  const root = document.documentElement;
  if (chosen === "system") delete root.dataset.theme;
  else root.dataset.theme = chosen;
  try {
    if (chosen === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  for (const tell of listeners) tell();
}

/** Go to the next of system, light, dark. @returns {Theme} */
export function cycleTheme() {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length] ?? "system";
  setTheme(next);
  return next;
}

/**
 * Call when light turns dark or back.
 * @param {() => void} tell
 * @returns {() => void} stop listening
 */
export function onTheme(tell) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

system.addEventListener("change", () => {
  if (theme() === "system") for (const tell of listeners) tell();
});

/** Make a button of the bar switch the theme, and say which stands. */
export function bindThemeButton() {
  const button = document.getElementById("theme");
  if (!button) return;
  const show = () => {
    const words = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
    button.textContent = words[theme()];
  };
  button.addEventListener("click", () => cycleTheme());
  onTheme(show);
  show();
}
