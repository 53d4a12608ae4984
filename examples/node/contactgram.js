// A client for the Contactgram API, to be copied into your own program. Needs cockatiel and Node.js 18 or newer.
//
// It repeats only what may be repeated, keeps to the pace that the server asks for, and gives up in time. walk.js shows its use.

import { randomUUID } from "node:crypto";

import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhen,
  retry,
  wrap,
} from "cockatiel";

/** Whatever goes wrong between us and the server. */
export class ContactgramError extends Error {}

/** The connection failed, broke, or stayed silent for too long. */
export class NoAnswer extends ContactgramError {}

/** Not sent: the server failed too often just now. */
export class CircuitOpen extends ContactgramError {}

/** The server said no. */
export class ApiError extends ContactgramError {
  /**
   * @param {number} status
   * @param {string} description
   * @param {number} [retryAfter] seconds, where the server says so
   */
  constructor(status, description, retryAfter) {
    super(`${status} ${description}`);
    this.status = status;
    this.description = description;
    this.retryAfter = retryAfter;
  }
}

/** 401, also with a new token: trying again won't help. */
export class Unauthorized extends ApiError {}

/**
 * How long to try. Times are in milliseconds.
 * @typedef {object} Policy
 * @property {number} tries
 * @property {number} timeout for one try
 * @property {number} deadline for all tries of a call and the waits between them
 * @property {number} firstWait a wait is anything between nothing and this, doubled with each try (full jitter)
 * @property {number} longestWait
 * @property {number} breakerFailures so many in a row open the circuit
 * @property {number} breakerRest so long nothing is sent then, and after it one try to see
 */

/** @type {Policy} */
const POLICY = {
  tries: 5,
  timeout: 10_000,
  deadline: 30_000,
  firstWait: 200,
  longestWait: 5_000,
  breakerFailures: 5,
  breakerRest: 10_000,
};

// A repeated GET, PUT or DELETE does nothing new, nor does a POST with the Idempotency-Key of its first try.
const REPEATABLE = new Set(["GET", "PUT", "DELETE", "POST"]);

/** @param {unknown} error */
const isOutage = (error) => error instanceof NoAnswer || (error instanceof ApiError && error.status >= 500);

/** @param {unknown} error */
const mayPass = (error) => isOutage(error) || (error instanceof ApiError && error.status === 429);

/** An account, by OAuth2's client credentials. */
export class Contactgram {
  #url;
  #client;
  #policy;
  #breaker;
  #onRetry;
  /** @typedef {{value: string, ends: number}} Token */
  /** @type {Token | undefined} */
  #token;
  /** @type {Promise<Token> | undefined} */
  #refresh;
  /** @type {Unauthorized | undefined} */
  #refused;

  /**
   * @param {string} url
   * @param {string} clientId
   * @param {string} clientSecret
   * @param {Partial<Policy> & {onRetry?: (wait: number, error: Error) => void}} [options]
   */
  constructor(url, clientId, clientSecret, { onRetry = () => {}, ...policy } = {}) {
    this.#url = url.replace(/\/+$/, "");
    this.#client = Buffer.from(`${clientId}:${clientSecret}`).toString("base64");
    this.#policy = { ...POLICY, ...policy };
    this.#onRetry = onRetry;
    this.#breaker = circuitBreaker(handleWhen(isOutage), {
      halfOpenAfter: this.#policy.breakerRest,
      breaker: new ConsecutiveBreaker(this.#policy.breakerFailures),
    });
  }

  /** Makes sure of a token; returns for how many seconds it is good. Calls do so by themselves. */
  async authorise() {
    const token = await this.#accessToken(performance.now() + this.#policy.deadline);
    return Math.round((token.ends - performance.now()) / 1000);
  }

  /**
   * Adds a contact, or updates the one that has the number or user already.
   * @param {object} fields
   */
  async addContact(fields) {
    return this.call("POST", "contacts", { body: fields });
  }

  /** @param {number} id */
  async contact(id) {
    return this.call("GET", `contacts/${id}`);
  }

  /** All contacts, fetched page by page. */
  async *contacts(pageSize = 100) {
    /** @type {Record<string, string | number>} */
    const params = { limit: pageSize };
    do {
      const page = await this.call("GET", "contacts", { params });
      yield* page.contacts;
      params.cursor = page.next_cursor;
    } while (params.cursor);
  }

  /**
   * Removes a contact. One that is gone already counts as removed: the answer to the first try may have got lost.
   * @param {number} id
   */
  async removeContact(id) {
    try {
      await this.call("DELETE", `contacts/${id}`);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /**
   * @param {number | string} chatId
   * @param {string} text
   */
  async sendMessage(chatId, text, more = {}) {
    return this.call("POST", "sendMessage", { body: { chat_id: chatId, text, ...more } });
  }

  /** The history, newest first. */
  async messages({ limit = 50, offset = 0, ...more } = {}) {
    return this.call("GET", "messages", { params: { limit, offset, ...more } });
  }

  /**
   * What happened, oldest first, until nothing came for `wait` seconds.
   *
   * Asking for the next ones confirms those before: what wasn't handled when the program ended comes again.
   */
  async *updates(wait = 30) {
    for (let offset = 0; ; ) {
      const batch = await this.call("GET", "getUpdates", { params: { offset, timeout: wait }, wait: wait * 1000 });
      if (batch.length === 0) return;
      for (const update of batch) {
        yield update;
        offset = update.update_id + 1;
      }
    }
  }

  /**
   * Any route or method of the API.
   * @param {string} verb
   * @param {string} path
   * @param {{params?: Record<string, string | number>, body?: object, wait?: number}} [options]
   *   `wait` is for how many milliseconds the server may hold back its answer.
   */
  async call(verb, path, { params = {}, body, wait = 0 } = {}) {
    if (this.#refused) throw this.#refused;
    const until = performance.now() + this.#policy.deadline + wait;
    const query = String(new URLSearchParams(Object.entries(params).map(([name, value]) => [name, String(value)])));
    const url = query ? `/v1/${path}?${query}` : `/v1/${path}`;
    const headers = {
      ...(verb === "POST" && { "Idempotency-Key": randomUUID() }),
      ...(body && { "Content-Type": "application/json" }),
    };
    /** @param {Token} token */
    const withToken = ({ value }) => {
      const request = { method: verb, headers: { ...headers, Authorization: `Bearer ${value}` }, body: JSON.stringify(body) };
      return this.#tries(url, request, { until, timeout: this.#policy.timeout + wait });
    };
    let token = await this.#accessToken(until);
    try {
      return await withToken(token);
    } catch (error) {
      if (!(error instanceof Unauthorized)) throw error;
      // It may have been revoked. A new one is worth one try.
      token = await this.#accessToken(until, token);
    }
    return this.#orRefused(withToken(token));
  }

  /**
   * One refresh at a time: whoever comes meanwhile waits for the same token.
   * @param {number} until
   * @param {Token} [insteadOf]
   */
  async #accessToken(until, insteadOf) {
    const token = this.#token;
    if (token && token !== insteadOf && performance.now() < token.ends) return token;
    this.#refresh ??= this.#askForToken(until).finally(() => (this.#refresh = undefined));
    return this.#refresh;
  }

  /** @param {number} until */
  async #askForToken(until) {
    const headers = { Authorization: `Basic ${this.#client}` };
    const request = { method: "POST", headers, body: new URLSearchParams({ grant_type: "client_credentials" }) };
    const given = await this.#orRefused(this.#tries("/oauth/token", request, { until, timeout: this.#policy.timeout }));
    // Not to the last second: it has to be good when it arrives.
    this.#token = { value: given.access_token, ends: performance.now() + given.expires_in * 900 };
    return this.#token;
  }

  /**
   * Remembers a refusal, so that nobody knocks again and again.
   * @param {Promise<any>} answer
   */
  async #orRefused(answer) {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof Unauthorized) this.#refused = error;
      throw error;
    }
  }

  /**
   * Tries until it goes well, or a try says that more won't help, or tries or time run out.
   * @param {string} path
   * @param {RequestInit & {method: string}} request
   * @param {{until: number, timeout: number}} limits
   */
  async #tries(path, request, { until, timeout }) {
    const { tries, firstWait, longestWait } = this.#policy;
    let attempt = 0;
    let pause = 0;
    /** @param {Error} error */
    const isWorthAnother = (error) => {
      pause = asked(error) ?? Math.random() * Math.min(longestWait, firstWait * 2 ** attempt++);
      return mayPass(error) && pause < until - performance.now();
    };
    const retries = retry(handleWhen(isWorthAnother), {
      maxAttempts: REPEATABLE.has(request.method) ? tries - 1 : 0,
      backoff: new DelegateBackoff(() => pause),
    });
    retries.onRetry((event) => "error" in event && this.#onRetry(event.delay, event.error));
    try {
      return await wrap(retries, this.#breaker).execute(() =>
        this.#try(path, request, Math.max(0, Math.min(timeout, until - performance.now()))),
      );
    } catch (error) {
      throw error instanceof BrokenCircuitError ? new CircuitOpen("circuit open") : error;
    }
  }

  /**
   * @param {string} path
   * @param {RequestInit} request
   * @param {number} timeout
   */
  async #try(path, request, timeout) {
    try {
      // `fetch` waits for the head alone; the signal is for the body, too.
      const answer = await fetch(this.#url + path, { ...request, signal: AbortSignal.timeout(Math.round(timeout)) });
      return read(answer, await answer.text());
    } catch (error) {
      if (error instanceof ContactgramError || !(error instanceof Error)) throw error;
      const cause = error.cause instanceof Error ? error.cause.message : error.message;
      const why = error.name === "TimeoutError" ? `within ${(timeout / 1000).toFixed(1)} s` : cause;
      throw new NoAnswer(`no answer to ${request.method} ${path.split("?")[0]}: ${why}`, { cause: error });
    }
  }
}

/**
 * For how many milliseconds the server wants to be left alone, if it says so.
 * @param {unknown} error
 */
function asked(error) {
  return error instanceof ApiError && error.retryAfter !== undefined ? error.retryAfter * 1000 : undefined;
}

/**
 * The result of an answer, or the error that it is.
 * @param {Response} answer
 * @param {string} text
 */
function read(answer, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = null; // Something between us and the server answered.
  }
  if (answer.ok) return body?.ok === undefined ? body : body.result;
  const description = body?.description ?? body?.error_description ?? answer.statusText;
  const seconds = String(body?.parameters?.retry_after ?? answer.headers.get("Retry-After") ?? "");
  const retryAfter = /^\d+$/.test(seconds) ? Number(seconds) : undefined;
  const Kind = answer.status === 401 ? Unauthorized : ApiError;
  throw new Kind(answer.status, description, retryAfter);
}
