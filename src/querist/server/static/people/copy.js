// @ts-check
/** A button that copies what a field holds. */

/**
 * Bind a button to a field; without a clipboard (a page without https) the text is selected.
 * @param {string} button id of the button
 * @param {string} field id of the input
 */
export function bindCopy(button, field) {
  const copy = document.getElementById(button);
  const input = document.getElementById(field);
  if (!(copy instanceof HTMLButtonElement) || !(input instanceof HTMLInputElement)) return;
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Selected";
    }
  });
  input.addEventListener("focus", () => input.select());
}
