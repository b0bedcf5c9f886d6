// @ts-check
/** What is on the screen, and what each key and button does. */

import { ApiError, root } from "../common/api.js";
import { $, afterPaint, fill, say } from "../common/dom.js";
import { listen } from "../common/live.js";
import { cycleTheme } from "../common/theme.js";
import { answerFor } from "./answers.js";
import { askQuestion, reasonOf } from "./campaign.js";
import { Composer } from "./composer.js";
import { Grid } from "./grid.js";
import { Keys, tokenOf } from "./keys.js";
import { drawMenu } from "./menu.js";
import { Notices } from "./notices.js";
import { Panel } from "./panel.js";
import { Progress } from "./progress.js";
import { showKeys } from "./sheet.js";
import { stateOf } from "./states.js";
import { swipeable } from "./swipe.js";
import { Tools } from "./tools.js";
import { viewOf, words } from "./views.js";

/** @import { Me } from "./campaign.js" */
/** @import { Action } from "./keys.js" */
/** @import { Session } from "./session.js" */
/** @import { Store } from "./store.js" */
/** @import { Task, Value } from "./types.js" */

export class Page {
  item = $("item");
  /** @type {Set<string>} tasks flagged in this session */
  flagged = new Set();
  /** When the key came that led to the item on the screen, for measuring. */
  #pressed = 0;
  #due = false;

  /**
   * @param {Session} session
   * @param {Store} store what holds for all campaigns: keys, size, what is shown
   * @param {Me} me
   */
  constructor(session, store, me) {
    this.session = session;
    this.supply = session.supply;
    this.outbox = session.outbox;
    this.store = store;
    this.me = me;
    this.keys = new Keys(store);
    this.grid = new Grid($("grid"), session, this.supply, () => this.tools.show());
    this.panel = new Panel($("guidelines"), () => this.#read(), () => this.focusItem());
    this.composer = new Composer($("composer"), session.store, () => this.focusItem());
    this.progress = new Progress($("pace"), $("session"), session, this.supply);
    this.tools = new Tools($("tools"), this);
    this.notices = new Notices($("notices"), this);
    this.answer = this.#make();
    this.#newQuestion();
    this.resize(0);
    session.addEventListener("item", () => this.#show());
    session.addEventListener("change", () => this.#refresh());
    session.addEventListener("lost", () => this.notices.toast("That item went to somebody else while you were away."));
    this.supply.addEventListener("change", () => this.#arrived());
    this.outbox.addEventListener("change", () => this.#refresh());
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("pointerdown", () => this.supply.touch());
    addEventListener("beforeunload", (event) => {
      // Only where the browser keeps nothing: elsewhere the answers are safe in its storage.
      if (!session.store.lasting && this.outbox.unsaved > 0) event.preventDefault();
    });
    swipeable(this.item, () => this.#sides(), (label) => this.answer.key(this.keys.of(label === this.answer.board?.accepted ? "accept" : "reject")));
  }

  /** @param {string} given the name this page sends along, "" for none */
  begin(given) {
    this.progress.begin(this.me.today);
    if (["owner", "reviewer"].includes(this.me.role)) void this.progress.learn();
    if (!this.task && !this.grid.open) this.session.next();
    listen(
      {
        told: (news) => this.#counted(news),
        queued: () => this.supply.wake(),
        trained: (news) => this.progress.trained(news),
        changed: () => void this.#changed(),
        stop: () => this.supply.wake(),
        up: () => {
          this.outbox.hurry();
          void this.#changed();
        },
      },
      given ? `?by=${encodeURIComponent(given)}` : "",
    );
  }

  /** @returns {Task | null} */
  get task() {
    return this.session.current;
  }

  /** Suggestions are shown when the owner allows them and the annotator wants them. */
  get suggesting() {
    return this.session.question.suggestions && this.store.get("suggestions", true);
  }

  /** Whether the bar has no room for the other pages: they are in the menu then. */
  get narrow() {
    return matchMedia("(max-width: 40rem)").matches;
  }

  /** Put the focus where the keys work and a screen reader reads the item. */
  focusItem() {
    if (this.session.question.kind === "number" && this.task && matchMedia("(pointer: fine)").matches) $("number").focus();
    else if (!this.grid.open) this.item.focus({ preventScroll: true });
  }

  /** @param {number} by steps larger, 0 for as it was */
  resize(by) {
    const size = Math.min(Math.max(this.store.get("size", 0) + by, -3), 8);
    this.store.set("size", size);
    document.documentElement.style.setProperty("--zoom", String(1.15 ** size));
  }

  /**
   * Do what a key or a button stands for.
   * @param {Action} action
   * @returns {boolean} whether there was something to do
   */
  act(action) {
    const { task, session } = this;
    switch (action) {
      case "undo": this.#undo(); return true;
      case "skip": if (!this.grid.open) session.skip(); return true;
      case "skipWhy": if (task) this.composer.reason(task.task_id, (reason) => session.skip(reason)); return true;
      case "submit": this.answer.submit(); return true;
      case "guidelines": this.panel.toggle(); return true;
      case "comment": if (task) this.composer.comment(task.task_id, (text) => this.#comment(task, text)); return true;
      case "flag": this.#flag(); return true;
      case "why": this.store.set("why", !this.store.get("why", false)); this.#why(); return true;
      case "search": this.answer.board?.search?.focus(); return this.answer.board?.search != null;
      case "grid": this.#toggleGrid(); return true;
      case "all": if (this.grid.open) this.grid.all(); return this.grid.open;
      case "larger": this.resize(1); return true;
      case "smaller": this.resize(-1); return true;
      case "theme": say(`Theme: ${cycleTheme()}`); return true;
      case "help": this.help(); return true;
      default: return false;
    }
  }

  /** Show the keys. */
  help() {
    const { board } = this.answer;
    const { kind, labels } = this.session.question;
    /** @type {Action[]} */
    const unused = [];
    if (!board?.binary) unused.push("accept", "reject");
    if (!board?.search) unused.push("search");
    if (kind === "choice") unused.push("submit");
    if (kind === "number") unused.push("grid", "all");
    const sheet = /** @type {HTMLDialogElement} */ ($("sheet"));
    showKeys(sheet, this.keys, { labels, tokens: board?.tokens ?? [], unused }, () => this.#newQuestion());
  }

  /** Draw what answers are made with: at the start, for a new class, for other keys. */
  #newQuestion() {
    const before = this.answer.value() ?? this.session.before;
    this.answer = this.#make();
    fill($("answer"), this.answer.element);
    this.panel.show(this.session.question);
    this.answer.show(before, this.session.again);
    this.hint();
    this.tools.draw();
    drawMenu($("menu"), this);
  }

  #make() {
    return answerFor({
      question: this.session.question,
      keys: this.keys,
      submit: (value) => this.#submit(value),
      draft: (value) => this.session.draft(value),
      leave: () => this.focusItem(),
    });
  }

  /** @param {Value} value */
  #submit(value) {
    if (this.grid.open) {
      this.grid.answer(value);
      if (Array.isArray(value)) this.answer.show(null, false);
      return;
    }
    if (!this.task) return;
    const shown = this.suggesting ? this.task.suggestion?.value : undefined;
    say(`Saved as ${Array.isArray(value) ? value.join(", ") || "none" : value}`);
    this.session.answer(value, shown);
  }

  /** The item on the screen is another one. */
  #show() {
    const { task, session } = this;
    this.composer.close();
    $("item").classList.toggle("empty", !task);
    if (task) {
      fill(this.item, viewOf(task, this.supply.picture(task)));
      $("main").scrollTop = 0;
      this.answer.show(session.before, session.again);
      this.hint();
      if (!this.answer.board?.search?.matches(":focus")) this.focusItem();
    } else {
      this.#empty();
    }
    this.#why();
    this.#painted();
  }

  #empty() {
    fill(this.item, stateOf(this.supply, { unsaved: this.outbox.unsaved, login: `${root}/login` }));
  }

  /** From the key to the paint: what the page promises, kept as a browser measure. */
  #painted() {
    const start = this.#pressed;
    if (!start) return;
    this.#pressed = 0;
    afterPaint(() => performance.measure("querist:next", { start, end: performance.now() }));
  }

  /** Tasks came, or did not. */
  #arrived() {
    if (this.grid.open) void this.grid.fill();
    else if (!this.task && this.supply.tasks.length > 0) this.session.next();
    else if (!this.task) this.#empty();
    this.#refresh();
  }

  /** What stands around the item; the item itself is painted first. */
  #refresh() {
    if (this.#due) return;
    this.#due = true;
    afterPaint(() => {
      this.#due = false;
      this.progress.show();
      this.notices.show();
      this.tools.show();
      if (!this.task && !this.grid.open) this.#empty();
    });
  }

  /** Mark what the model holds likeliest, where that may be shown. */
  hint() {
    const suggestion = this.suggesting ? this.task?.suggestion : undefined;
    const { board, prompt } = this.answer;
    board?.hint([suggestion?.value ?? []].flat().map(String), suggestion?.probability);
    const number = !board && typeof suggestion?.value === "number";
    $("prompt").textContent = number ? `${prompt} · model ${words(suggestion.value)}` : prompt;
  }

  #why() {
    const on = this.store.get("why", false) && this.task !== null;
    $("why").hidden = !on;
    if (on) $("why").textContent = reasonOf(this.task?.why) || "No reason is given for this item.";
  }

  #undo() {
    const step = this.session.undo();
    if (!step) {
      say("Nothing to undo");
      return;
    }
    if (step.kind === "many" && !this.grid.open) {
      this.#gridOn(true);
      this.session.current = null;
    }
    if (this.grid.open) {
      if (this.session.current) this.session.current = null;
      this.grid.restore(step.tasks);
    }
    say(step.kind === "many" ? `${step.tasks.length} answers taken back` : "Taken back");
  }

  /** @param {Task} task @param {string} text */
  #comment(task, text) {
    this.session.note(task, text, false);
    this.notices.toast("Comment kept");
  }

  #flag() {
    const { task } = this;
    if (!task || this.flagged.has(task.task_id)) return;
    this.flagged.add(task.task_id);
    this.session.note(task, "", true);
    this.tools.show();
    this.notices.toast("Flagged for the owner");
  }

  #toggleGrid() {
    if (this.session.question.kind === "number") return;
    if (this.grid.open) {
      this.#gridOn(false);
      this.grid.leave();
    } else {
      this.#gridOn(true);
      void this.grid.enter();
    }
    this.#why();
  }

  /** @param {boolean} on */
  #gridOn(on) {
    this.composer.close();
    $("grid").hidden = !on;
    this.item.hidden = on;
    this.grid.open = on;
    this.tools.draw();
    this.answer.show(null, false);
  }

  /** The annotator has the newest guidelines in front of them. */
  #read() {
    this.session.version = this.session.question.guidelines.version;
    this.notices.show();
  }

  /** Something of the campaign was changed. */
  async #changed() {
    try {
      const question = await askQuestion();
      const old = this.session.question;
      this.session.question = question;
      if (this.panel.open) this.session.version = question.guidelines.version;
      if (JSON.stringify(old) !== JSON.stringify(question)) this.#newQuestion();
      this.notices.show();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The next change, or the next load, brings it.
    }
    this.supply.wake();
  }

  /** @param {any} news */
  #counted(news) {
    if (typeof news.waiting === "number") this.supply.waiting = news.waiting;
    this.progress.show();
  }

  #sides() {
    const board = this.answer.board;
    return board?.binary && this.task ? { right: board.accepted, left: board.rejected } : null;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    this.supply.touch();
    if (event.defaultPrevented || event.isComposing) return;
    const token = tokenOf(event);
    if ((event.ctrlKey || event.metaKey) && token === "s") {
      event.preventDefault();
      this.answer.submit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const field = target.closest("input, textarea, select");
    if (field && !this.#passes(field, token)) return;
    // A button in focus keeps the keys that press it.
    if ((token === "Enter" || token === "Space") && target.closest("button, a, summary, input")) {
      if (!field) return;
    }
    if (token === "Escape") {
      this.panel.toggle(false);
      return;
    }
    if (event.repeat && !token.startsWith("Arrow")) return;
    this.#pressed = event.timeStamp;
    const action = this.keys.action(token);
    const taken =
      (this.grid.open && this.grid.key(token, event.shiftKey)) ||
      this.answer.key(token) ||
      (action !== undefined && this.act(action));
    if (taken) event.preventDefault();
  }

  /**
   * Whether a key pressed in a field means the page: in the number field whatever is no number.
   * @param {Element} field
   * @param {string} token
   */
  #passes(field, token) {
    if (!(field instanceof HTMLInputElement) || field.id !== "number") return false;
    if (token === "Backspace") return field.value === "";
    return !/^[\d.,\-+e]$/.test(token) && !token.startsWith("Arrow");
  }
}
