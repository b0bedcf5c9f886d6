// @ts-check
/** A finger's answer where there are two labels: to the right accepts, to the left rejects. */

const FAR = 90; // pixels from which letting go answers

/**
 * @param {HTMLElement} element what is moved
 * @param {() => {right: string, left: string} | null} sides labels, null when swiping is off
 * @param {(label: string) => void} pick
 */
export function swipeable(element, sides, pick) {
  /** @type {{id: number, x: number, y: number, on: boolean} | null} */
  let drag = null;

  /** @param {number} by */
  function move(by) {
    const labels = sides();
    element.style.setProperty("--drag", `${by}px`);
    element.style.setProperty("--turn", `${by / 40}deg`);
    const label = by > FAR ? labels?.right : by < -FAR ? labels?.left : "";
    element.dataset["swipe"] = label ?? "";
    element.classList.toggle("swiping", by !== 0);
    element.classList.toggle("to-left", by < 0);
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || !event.isPrimary || !sides()) return;
    drag = { id: event.pointerId, x: event.clientX, y: event.clientY, on: false };
  });
  element.addEventListener("pointermove", (event) => {
    if (drag?.id !== event.pointerId) return;
    const across = event.clientX - drag.x;
    const down = event.clientY - drag.y;
    // Decided once: a finger that goes down first is scrolling.
    if (!drag.on && Math.abs(down) > 12 && Math.abs(down) > Math.abs(across)) drag = null;
    else if (!drag.on && Math.abs(across) > 12) {
      drag.on = true;
      element.setPointerCapture(event.pointerId);
    }
    if (drag?.on) move(across);
  });
  /** @param {PointerEvent} event */
  function end(event) {
    if (drag?.id !== event.pointerId) return;
    const by = drag.on && event.type === "pointerup" ? event.clientX - drag.x : 0;
    drag = null;
    const labels = sides();
    move(0);
    if (labels && Math.abs(by) > FAR) pick(by > 0 ? labels.right : labels.left);
  }
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
}
