// @ts-check
/** News from the server: one stream for all tabs of a browser, polling where there is none. */

import { base, get } from "./api.js";

/** @typedef {"told" | "queued" | "trained" | "changed" | "stop" | "up" | "down"} Kind */
/** @typedef {Partial<Record<Kind, (data: any) => void>>} Hearers */

const KINDS = /** @type {const} */ (["told", "queued", "trained", "changed", "stop"]);
const POLL = 5_000;

/**
 * Hear of everything new in the campaign.
 *
 * A browser opens six connections to a server at most, and a stream takes one for good: so one
 * tab listens and passes the news on to the others.
 *
 * What happened before the stream was open, or while it was away, is not told: at "up" whoever
 * listens asks anew.
 *
 * @param {Hearers} hearers
 * @param {string} [query] added to the stream's address, such as "?by=ann"
 * @returns {() => void} stop listening
 */
export function listen(hearers, query = "") {
  const name = `querist.live:${base}${query}`;
  const channel = new BroadcastChannel(name);
  const stop = new AbortController();
  channel.onmessage = ({ data }) => hearers[/** @type {Kind} */ (data.kind)]?.(data.data);
  /** @param {Kind} kind @param {unknown} data */
  const spread = (kind, data) => {
    channel.postMessage({ kind, data });
    hearers[kind]?.(data);
  };
  const lead = () => stream(spread, query, stop.signal);
  const { locks } = navigator;
  if (locks) {
    locks
      .request(name, { ifAvailable: true }, (lock) => (lock ? lead() : hearers.up?.({})))
      .then(() => locks.request(name, { signal: stop.signal }, lead))
      .catch(() => {
        // Closed while another tab was still the one that listens.
      });
  } else {
    void lead();
  }
  return () => {
    stop.abort();
    channel.close();
  };
}

/**
 * Listen until told to stop.
 * @param {(kind: Kind, data: unknown) => void} spread
 * @param {string} query
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function stream(spread, query, signal) {
  return new Promise((resolve) => {
    /** @type {EventSource | undefined} */
    let source;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {boolean | undefined} */
    let up;
    /** @param {boolean} now @param {unknown} [data] */
    const reachable = (now, data) => {
      if (now !== up) spread(now ? "up" : "down", data ?? {});
      up = now;
    };
    const open = () => {
      source = new EventSource(`${base}/api/v1/events${query}`);
      source.onopen = () => reachable(true);
      for (const kind of KINDS) {
        source.addEventListener(kind, (event) => spread(kind, JSON.parse(event.data)));
      }
      source.onerror = () => {
        reachable(false);
        // The browser tries again by itself, unless the server refused; then we ask.
        if (source?.readyState === EventSource.CLOSED) timer = setTimeout(poll, POLL);
      };
    };
    const poll = async () => {
      try {
        await get("question");
        reachable(true);
        spread("changed", { name: "" });
        spread("queued", {});
        open();
      } catch {
        reachable(false);
        timer = setTimeout(poll, POLL);
      }
    };
    signal.addEventListener("abort", () => {
      source?.close();
      clearTimeout(timer);
      resolve();
    });
    open();
  });
}
