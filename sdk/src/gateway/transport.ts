/** One request, bounded in time, size and tries. */
import {
  AbortedError,
  GatewayAnswerError,
  GatewayRefusal,
  GatewayUnreachable,
  InputError,
  ProofmillError,
} from "../errors.js";
import { ANSWER_BYTES_MAX, REQUEST_MS_MAX, REQUEST_TRIES_MAX, RETRY_PAUSE_MS } from "../limits.js";
import { pause } from "../pause.js";
import { parseAnswer } from "./read.js";
import { readFailure } from "./records.js";

/** Where a gateway is, and how patient its caller. */
export type GatewayOptions = {
  /** Such as `https://gateway.example`; http only for this machine. */
  readonly url: string;
  /** A session's token, or a function that gives the present one. */
  readonly session?: string | (() => string | undefined);
  readonly apiKey?: string;
  readonly fetch?: typeof fetch;
  /** For one answer, milliseconds. */
  readonly timeoutMs?: number;
  /** Tries of what may be repeated, the first included. */
  readonly tries?: number;
};

/** What is asked. */
export type Ask = {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | bigint | undefined>>;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly abortSignal?: AbortSignal | undefined;
  /** Whether a second sending changes nothing. Reads always may be repeated. */
  readonly repeatable?: boolean;
  /** For the answer's head only: a body that streams has its own patience. */
  readonly timeoutMs?: number;
};

const LATER = "Try again in a moment, or use another gateway. The chain and your money do not depend on it.";

/** Speaks to one gateway. */
export class Transport {
  readonly #base: URL;
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    let base: URL;
    try {
      base = new URL(options.url);
    } catch (cause) {
      throw new InputError(
        "gateway_url",
        `${JSON.stringify(options.url)} is no URL`,
        "Write it like https://gateway.example",
        cause,
      );
    }
    const here = ["localhost", "127.0.0.1", "[::1]"].includes(base.hostname);
    if (base.protocol !== "https:" && !(base.protocol === "http:" && here)) {
      throw new InputError(
        "gateway_insecure",
        `${base.protocol}//${base.hostname} is not encrypted`,
        "Use https, or a gateway on this machine.",
      );
    }
    if (base.username !== "" || base.password !== "")
      throw new InputError("gateway_url", "the URL holds a password", "Use a session or an API key.");
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    this.#base = base;
    this.#options = options;
  }

  /** Asks and gives the answer once its head is there. @throws {@link GatewayRefusal}, {@link GatewayUnreachable} */
  async ask(ask: Ask): Promise<Response> {
    const repeatable = ask.repeatable ?? (ask.method ?? "GET") === "GET";
    const tries = repeatable ? (this.#options.tries ?? REQUEST_TRIES_MAX) : 1;
    const ended = (): boolean => ask.abortSignal?.aborted === true;
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#once(ask);
      } catch (error) {
        if (ended()) throw new AbortedError();
        const again =
          error instanceof GatewayUnreachable ||
          (error instanceof GatewayRefusal && (error.status === 429 || error.status >= 502));
        if (!again || tried >= tries) throw error;
        await pause(RETRY_PAUSE_MS * 2 ** (tried - 1), ask.abortSignal);
        if (ended()) throw new AbortedError();
      }
    }
  }

  async #once(ask: Ask): Promise<Response> {
    const url = new URL(ask.path.replace(/^\//u, ""), this.#base);
    for (const [name, value] of Object.entries(ask.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const headers = new Headers({ accept: ask.accept ?? "application/json", ...ask.headers });
    const { session, apiKey } = this.#options;
    const token = typeof session === "function" ? session() : session;
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    else if (apiKey !== undefined) headers.set("x-api-key", apiKey);
    if (ask.json !== undefined) headers.set("content-type", "application/json");
    else if (ask.bytes !== undefined) headers.set("content-type", "application/octet-stream");
    const timeout = new AbortController();
    const timer = setTimeout(
      () => {
        timeout.abort();
      },
      ask.timeoutMs ?? this.#options.timeoutMs ?? REQUEST_MS_MAX,
    );
    const stop = (): void => {
      timeout.abort();
    };
    ask.abortSignal?.addEventListener("abort", stop);
    if (ask.abortSignal?.aborted === true) stop();
    try {
      const response = await (this.#options.fetch ?? fetch)(url, {
        method: ask.method ?? "GET",
        headers,
        signal: timeout.signal,
        // A gateway that sends its callers elsewhere would carry their tokens there.
        redirect: "error",
        credentials: "omit",
        ...(ask.json !== undefined
          ? {
              body: JSON.stringify(ask.json, (_, value: unknown) =>
                typeof value === "bigint" ? value.toString() : value,
              ),
            }
          : {}),
        ...(ask.bytes !== undefined ? { body: ask.bytes as Uint8Array<ArrayBuffer> } : {}),
      });
      if (!response.ok) throw await refusal(response, timeout.signal);
      if (ask.accept === undefined) {
        // A small answer is read whole under the same clock: a body that trickles is one that does not come.
        const text = await readText(response);
        return new Response(text === "" ? null : text, { status: response.status === 204 ? 200 : response.status });
      }
      return response;
    } catch (cause) {
      if (cause instanceof ProofmillError) throw cause;
      if (timeout.signal.aborted)
        throw new GatewayUnreachable("gateway_silent", `${url.origin} did not answer in time`, LATER, cause);
      throw new GatewayUnreachable("gateway_unreachable", `${url.origin} cannot be reached`, LATER, cause);
    } finally {
      clearTimeout(timer);
      // A stream that is read on stays tied to the caller's signal.
      if (ask.accept === undefined) ask.abortSignal?.removeEventListener("abort", stop);
    }
  }

  /** Asks, and reads the answer with a reader. @throws also {@link GatewayAnswerError} */
  async read<T>(ask: Ask, reader: (value: unknown, at: string) => T): Promise<T> {
    const response = await this.ask(ask);
    return reader(parseAnswer(await response.text()), "");
  }
}

async function refusal(response: Response, signal: AbortSignal): Promise<GatewayRefusal> {
  try {
    const { error } = readFailure(parseAnswer(await readText(response)), "");
    return new GatewayRefusal(response.status, error.code, error.message, error.next, error.field);
  } catch {
    const next = signal.aborted || response.status >= 500 ? LATER : "Check the request; the gateway gave no reason.";
    return new GatewayRefusal(
      response.status,
      `http_${response.status}`,
      `the gateway answered ${response.status}`,
      next,
      null,
    );
  }
}

/** The text of an answer, up to its bound. */
async function readText(response: Response): Promise<string> {
  const announced = Number(response.headers.get("content-length") ?? 0);
  const tooLong = (): never => {
    throw new GatewayAnswerError("", `longer than ${ANSWER_BYTES_MAX} bytes`);
  };
  if (announced > ANSWER_BYTES_MAX) tooLong();
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += value.length;
      if (bytes > ANSWER_BYTES_MAX) tooLong();
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    if (error instanceof TypeError && bytes > 0 && /encod|utf|decod/iu.test(error.message))
      throw new GatewayAnswerError("", "not UTF-8");
    throw error;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
