// @ts-check
/** People, invitations and the audit. */

import { ApiError, del, get, post } from "../common/api.js";
import { $, fill, h, say } from "../common/dom.js";
import { table } from "../insight/parts.js";
import { moment } from "../insight/words.js";
import { sure } from "./sure.js";

const ROLES = ["annotator", "reviewer", "owner"];
const MAY = /** @type {Record<string, string>} */ ({
  annotator: "answers tasks and sees only their own work",
  reviewer: "also sees the insight page, the labels and everybody's answers",
  owner: "may change everything here, and invite others",
});

/** @param {() => Promise<unknown>} act */
async function attempt(act) {
  fill($("invite-error"));
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill($("invite-error"), error.message);
  }
  await loadPeople();
}

/** @param {any} one */
function role(one) {
  const choice = h("select", { "aria-label": `Role of ${one.name}` }, ...ROLES.map((name) => h("option", { value: name, selected: name === one.role }, name)));
  choice.addEventListener("change", async () => {
    const wanted = choice.value;
    const go = await sure(`Make ${one.name} ${wanted === "reviewer" ? "a" : "an"} ${wanted}?`, [`${one.name} then ${MAY[wanted]}. It holds within two seconds, in every browser.`], "Change the role");
    if (go) await attempt(() => post("people", { name: one.name, role: wanted }));
    else choice.value = one.role;
  });
  return choice;
}

/** @param {any} one */
function close(one) {
  return h(
    "button",
    {
      class: "button danger",
      type: "button",
      "aria-label": `Close the account of ${one.name}`,
      onclick: async () => {
        const said = [`${one.name} cannot come in any more: all logins and tokens end at once. What ${one.name} answered stays, and what ${one.name} holds goes back to the queue.`];
        if (await sure(`Close the account of ${one.name}?`, said, "Close it")) await attempt(() => del(`people/${encodeURIComponent(one.name)}`));
      },
    },
    "Close",
  );
}

/** @param {any} one */
function withdraw(one) {
  return h(
    "button",
    {
      class: "button plain",
      type: "button",
      "aria-label": `Withdraw the invitation of ${one.name || `a ${one.role}`}`,
      onclick: async () => {
        if (await sure("Withdraw the invitation?", ["Whoever has the link cannot use it any more."], "Withdraw")) await attempt(() => del(`invitations/${one.id}`));
      },
    },
    "Withdraw",
  );
}

/** Ask who is here and who is invited, and show them. */
export async function loadPeople() {
  const [{ people }, { invitations }] = await Promise.all([get("people"), get("invitations")]);
  const here = people.filter((/** @type {any} */ one) => !one.disabled);
  fill(
    $("people-said"),
    people.length ? null : h("p", { class: "note" }, "This server has no users: whoever holds the token it printed may do everything, and says who they are. As soon as an invited owner joins, everybody needs a login."),
  );
  // An annotator could not come in before there is an owner.
  if (!people.length) /** @type {HTMLSelectElement} */ ($("invite-role")).value = "owner";
  const rows = here.map((/** @type {any} */ one) => [one.name, role(one), moment(one.made), close(one)]);
  fill($("people-list"), here.length ? table("People", ["name", "role", "since", ""], rows) : null);
  const open = invitations.map((/** @type {any} */ one) => [one.name || "anybody with the link", one.role, moment(one.expires), withdraw(one)]);
  fill($("invitations"), open.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Open invitations" }, table("Open invitations", ["invited", "as", "until", ""], open)) : null);
}

async function loadAudit() {
  const { audit } = await get("audit?n=50");
  const rows = audit.map((/** @type {any} */ line) => [moment(line.at), line.kind, line.name || line.by, line.detail, line.address]);
  fill(/** @type {Element} */ ($("audit").querySelector(".scroll")), table("Logins and refusals, newest first", ["when", "what", "who", "", "from"], rows));
}

/** Begin to listen to the forms. */
export function bindPeople() {
  $("invite").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = /** @type {HTMLInputElement} */ ($("invite-name"));
    const wanted = /** @type {HTMLSelectElement} */ ($("invite-role")).value;
    void attempt(async () => {
      const made = await post("invitations", { role: wanted, ...(name.value.trim() ? { name: name.value.trim() } : {}) });
      const link = /** @type {HTMLInputElement} */ ($("invite-link"));
      link.value = made.link;
      $("invited").hidden = false;
      link.select();
      name.value = "";
      say("The link is made.");
    });
  });
  $("invite-copy").addEventListener("click", async () => {
    const link = /** @type {HTMLInputElement} */ ($("invite-link"));
    link.select();
    try {
      await navigator.clipboard.writeText(link.value);
      say("Copied.");
    } catch {
      say("Copy it with your keyboard: it is selected.");
    }
  });
  $("audit").addEventListener("toggle", () => {
    if (/** @type {HTMLDetailsElement} */ ($("audit")).open) void attempt(loadAudit);
  });
}
