// Classic and blocking on purpose: the theme is set before anything is painted.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("querist.theme");
  } catch {
    // No storage (a private window may forbid it): the system's choice stands.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
