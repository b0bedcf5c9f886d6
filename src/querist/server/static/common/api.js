// @ts-check
/** The server's JSON door: one function per verb, errors as sentences. */

/**
 * @param {string} name
 * @returns {string} what the page's meta tag of this name holds
 */
function meta(name) {
  const tag = document.querySelector(`meta[name="${name}"]`);
  return tag instanceof HTMLMetaElement ? tag.content : "";
}

/** Where the campaign lives: "" or such as "/c/spam". */
export const base = meta("base");
/** Where the server lives: "" or what a proxy puts before every path. */
export const root = meta("root");

/** Without users the server believes the name sent along; `callMe` sets it. */
let myName = "";

/**
 * Send this name with every request.
 * @param {string} name
 */
export function callMe(name) {
  myName = name;
}

/** What the server refused, or that it could not be reached (status 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Record<string, unknown>} [body]
   * @param {number} [wait] seconds after which the server will hear us again
   */
  constructor(status, message, body = {}, wait = 0) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.body = body;
    this.wait = wait;
  }

  /** Whether the same request may succeed later: no network, server down, too many requests. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * Address of a path below the campaign's API, or below the server's for one that begins with "/".
 * @param {string} path
 */
export function address(path) {
  return path.startsWith("/") ? path : `${base}/api/v1/${path}`;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {number} patience milliseconds
 * @param {boolean} [outlive] finish even when the page is closed
 * @returns {Promise<any>}
 */
async function call(method, path, body, patience, outlive = false) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-Querist-CSRF"] = meta("csrf");
  let where = address(path);
  /** @type {string | undefined} */
  let text;
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    const named = myName && isPlain(body) && !("by" in body) ? { ...body, by: myName } : body;
    text = JSON.stringify(named);
  } else if (myName) {
    where += `${where.includes("?") ? "&" : "?"}by=${encodeURIComponent(myName)}`;
  }
  /** @type {Response} */
  let response;
  try {
    response = await fetch(where, {
      method,
      headers,
      ...(text === undefined ? {} : { body: text }),
      credentials: "same-origin",
      cache: "no-store",
      keepalive: outlive,
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    throw new ApiError(0, "The server cannot be reached.");
  }
  const answer = await read(response);
  if (response.ok) return answer;
  const wait = Number(response.headers.get("Retry-After")) || 0;
  const fields = isPlain(answer) ? answer : {};
  const said = typeof fields["error"] === "string" ? fields["error"] : words(response.status);
  throw new ApiError(response.status, said, fields, wait);
}

/** @param {Response} response */
async function read(response) {
  try {
    return await response.json();
  } catch {
    // A proxy's error page, or a connection that broke half-way.
    if (response.ok) throw new ApiError(0, "The server's answer broke off.");
    return {};
  }
}

/** @param {number} status */
function words(status) {
  if (status === 401) return "You are not logged in any more.";
  if (status === 403) return "You are not allowed to do this.";
  return `The server answered ${status}.`;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isPlain(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {string} path @param {number} [patience] */
export const get = (path, patience = 15_000) => call("GET", path, undefined, patience);

/** @param {string} path @param {unknown} [body] @param {number} [patience] @param {boolean} [outlive] */
export const post = (path, body = {}, patience = 15_000, outlive = false) =>
  call("POST", path, body, patience, outlive);

/** @param {string} path @param {number} [patience] */
export const del = (path, patience = 15_000) => call("DELETE", path, undefined, patience);

/** Several questions for one place: only the answer to the last one asked is not too late to be shown. */
export class Asking {
  #last = 0;

  /** Ask anew. @returns {() => boolean} whether nothing was asked since */
  anew() {
    const mine = ++this.#last;
    return () => mine === this.#last;
  }
}
