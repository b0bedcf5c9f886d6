// @ts-check
/** The labelling page: puts the parts together and hears the keys. */

import { ApiError, base, callMe, root } from "../common/api.js";
import { $, fill, h } from "../common/dom.js";
import { askMe, askQuestion } from "./campaign.js";
import { Outbox } from "./outbox.js";
import { Page } from "./page.js";
import { Session } from "./session.js";
import { Store, newId } from "./store.js";
import { Supply } from "./supply.js";

/** @import { Me } from "./campaign.js" */
/** @import { Question } from "./types.js" */

const RETRY = 2_000;
const NAME = `querist.name:${base}`;

/** Without users anybody gives a name: `?by=ann`, kept for the next time. */
function nameGiven() {
  const asked = new URLSearchParams(location.search).get("by");
  try {
    if (asked) localStorage.setItem(NAME, asked);
    return asked ?? localStorage.getItem(NAME) ?? "";
  } catch {
    return asked ?? "";
  }
}

/** @returns {Promise<{me: Me, question: Question}>} once the server has answered */
async function begin() {
  for (;;) {
    callMe(given);
    try {
      const [me, question] = await Promise.all([askMe(), askQuestion()]);
      return { me, question };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 403 && given) {
        // The name is from a time without users: the login says who we are now.
        given = "";
        localStorage.removeItem(NAME);
        continue;
      }
      const lost = error.status === 401;
      fill($("item"), h("div", { class: "state" },
        h("h2", {}, lost ? "You are logged out" : error.passing ? "The server is away" : "This campaign cannot be opened"),
        h("p", { class: "soft" }, error.message),
        lost && h("a", { class: "button primary", href: `${root}/login` }, "Log in")));
      if (!error.passing) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
  }
}

/**
 * The name under which this tab keeps what it holds: the same after a reload, another one in a
 * copy of the tab.
 * @param {string} prefix
 * @returns {Promise<string>}
 */
async function slotOf(prefix) {
  const key = `querist.tab:${base}`;
  let slot = "";
  try {
    slot = sessionStorage.getItem(key) ?? "";
  } catch {
    // No storage: the tab starts afresh at every load.
  }
  for (let tries = 0; slot && tries < 3; tries++) {
    if (await claim(prefix + slot)) return slot;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  slot = newId();
  await claim(prefix + slot);
  try {
    sessionStorage.setItem(key, slot);
  } catch {
    // As above.
  }
  return slot;
}

/** @param {string} name @returns {Promise<boolean>} whether it is ours as long as the page lives */
function claim(name) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise(() => undefined) : undefined;
    });
  });
}

/**
 * Tabs that are closed, and whose items would otherwise wait for their leases to end.
 * @param {Store} store
 * @param {string} mine
 * @returns {Promise<string[]>}
 */
async function orphans(store, mine) {
  // Without locks nobody can tell a closed tab from one that is at work.
  if (!navigator.locks) return [];
  const found = [];
  for (const name of store.names("held:")) {
    const slot = name.slice("held:".length);
    if (slot !== mine && (await claim(store.prefix + slot))) found.push(slot);
  }
  return found;
}

let given = nameGiven();
const { me, question } = await begin();
const store = new Store(`querist:${question.campaign}:${me.name}:`);
const outbox = new Outbox(store);
const busy = () => new Set(outbox.waiting().filter((op) => op.act === "tell" || op.act === "skip").map((op) => op.task.task_id));
const slot = await slotOf(store.prefix);
const supply = new Supply(store, slot, (id) => busy().has(id));
const session = new Session(question, outbox, supply, store, me.name);
const page = new Page(session, new Store("querist."), me);
outbox.hurry();
await Promise.all([supply.open(await orphans(store, slot)), session.recall()]);
page.begin(given);
