// @ts-check
/** The labelling page: puts the parts together and hears the keys. */

import { ApiError, base, callMe, root } from "../common/api.js";
import { $, fill, h } from "../common/dom.js";
import { askMe, askQuestion } from "./campaign.js";
import { Outbox } from "./outbox.js";
import { Page } from "./page.js";
import { Session } from "./session.js";
import { Store } from "./store.js";
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
 * A name for what this tab holds; a copy of the tab must not go on with the same tasks.
 * @returns {Promise<string>}
 */
async function slotOf() {
  const key = `querist.tab:${base}`;
  let slot = "";
  try {
    slot = sessionStorage.getItem(key) ?? "";
  } catch {
    // No storage: the tab starts afresh at every load.
  }
  for (let tries = 0; slot && tries < 3; tries++) {
    if (await claim(slot)) return slot;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  slot = `querist.held:${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  await claim(slot);
  try {
    sessionStorage.setItem(key, slot);
  } catch {
    // As above.
  }
  return slot;
}

/** @param {string} slot @returns {Promise<boolean>} whether it is ours as long as the page lives */
function claim(slot) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(slot, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise(() => undefined) : undefined;
    });
  });
}

let given = nameGiven();
const { me, question } = await begin();
const store = new Store(`querist:${question.campaign}:${me.name}:`);
const outbox = new Outbox(store);
const busy = () => new Set(outbox.waiting().filter((op) => op.act === "tell" || op.act === "skip").map((op) => op.task.task_id));
const supply = new Supply(await slotOf(), (id) => busy().has(id));
const session = new Session(question, outbox, supply, store, me.name);
const page = new Page(session, new Store("querist."), me);
outbox.hurry();
await Promise.all([supply.open(), session.recall()]);
page.begin(given);
