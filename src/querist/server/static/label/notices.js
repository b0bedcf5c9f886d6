// @ts-check
/** What the page has to say beside the item, quietly: unsaved answers, refusals, new guidelines. */

import { root } from "../common/api.js";
import { $, fill, h, say } from "../common/dom.js";
import { showRefused } from "./sheet.js";

/** @import { Page } from "./page.js" */

const STAY = 4_000;

export class Notices {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #last = "";

  /** @param {HTMLElement} element @param {Page} page */
  constructor(element, page) {
    this.element = element;
    this.page = page;
  }

  /** Draw what holds now. */
  show() {
    const { outbox, session, panel, supply } = this.page;
    const unsaved = outbox.unsaved;
    const away = outbox.down || outbox.loggedOut || supply.stock === "down";
    const badge = $("unsaved");
    badge.hidden = unsaved === 0;
    badge.textContent = `${unsaved} unsaved`;
    badge.classList.toggle("bad", away && unsaved > 0);
    badge.onclick = () => outbox.hurry();
    badge.title = "Kept in this browser, and sent as soon as the server answers. Press to try now.";
    const refused = outbox.refused().length;
    const fresh = session.question.guidelines.version > session.version && !panel.open;
    const signature = [refused, fresh, outbox.loggedOut, away, session.store.lasting].join();
    if (signature === this.#last) return;
    this.#last = signature;
    fill(
      this.element,
      refused > 0 &&
        notice("bad", refused === 1 ? "One answer was not taken." : `${refused} answers were not taken.`, "Look", () => showRefused(/** @type {HTMLDialogElement} */ ($("sheet")), outbox)),
      fresh && notice("", "The guidelines have changed.", "Read them", () => panel.toggle(true)),
      outbox.loggedOut && notice("bad", "You are logged out. Your answers are kept here.", "Log in", () => location.assign(`${root}/login`)),
      away && !outbox.loggedOut && notice("", navigator.onLine ? "The server is away. Go on: answers are kept here and sent later." : "You are offline. Go on: answers are kept here and sent later.", "", null),
      !session.store.lasting && notice("bad", "This browser keeps nothing for the page: leave it open until all answers are saved.", "", null),
    );
    if (this.element.textContent) say(this.element.textContent);
  }

  /**
   * Say something once.
   * @param {string} text
   */
  toast(text) {
    clearTimeout(this.#timer);
    document.querySelector(".toast")?.remove();
    const made = h("div", { class: "toast" }, text);
    document.body.append(made);
    say(text);
    this.#timer = setTimeout(() => made.remove(), STAY);
  }
}

/**
 * @param {string} kind
 * @param {string} text
 * @param {string} action
 * @param {(() => void) | null} act
 */
function notice(kind, text, action, act) {
  return h("div", { class: `note ${kind}` }, h("span", {}, text),
    act && h("button", { type: "button", class: "button plain", onclick: act }, action));
}
