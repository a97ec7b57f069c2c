/** Server-sent events with resumption, bounds and a clock for silence. Works wherever `fetch` streams. */
import { GatewayAnswerError, GatewayRefusal, GatewayUnreachable, ProofmillError } from "../errors.js";
import { RETRY_PAUSE_MS, STREAM_LINE_MAX, STREAM_RETRIES_MAX, STREAM_SILENCE_MS } from "../limits.js";
import { pause } from "../pause.js";
import type { Ask, Transport } from "./transport.js";

/** One event as it came. */
export type ServerEvent = { readonly event: string; readonly data: string; readonly id: string | undefined };

/** Parses the text of an event stream. @throws {@link GatewayAnswerError} for a line without end */
export async function* parseEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent, void, void> {
  const decoder = new TextDecoder();
  let buffer = "";
  let event = "message";
  let data: string[] = [];
  let size = 0;
  let id: string | undefined;
  for await (const chunk of body) {
    buffer += decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/u.exec(buffer);
      if (end === null) break;
      const line = buffer.slice(0, end.index);
      buffer = buffer.slice(end.index + end[0].length);
      if (line === "") {
        if (data.length > 0) yield { event, data: data.join("\n"), id };
        event = "message";
        data = [];
        size = 0;
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue;
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /u, "");
      if (field === "event") event = value;
      else if (field === "id" && !value.includes("\0")) id = value;
      else if (field === "data") {
        size += value.length;
        if (size > STREAM_LINE_MAX)
          throw new GatewayAnswerError("stream", `an event of more than ${STREAM_LINE_MAX} characters`);
        data.push(value);
      }
    }
    if (buffer.length > STREAM_LINE_MAX)
      throw new GatewayAnswerError("stream", `a line of more than ${STREAM_LINE_MAX} characters`);
  }
}

/** The chunks of a body; silence for too long ends it. */
export async function* chunks(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(
            new GatewayUnreachable(
              "stream_silent",
              `nothing came for ${silenceMs / 1_000} s`,
              "It is connected again by itself.",
            ),
          );
        }, silenceMs);
      });
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() => {
        clearTimeout(timer);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** How a stream is followed. */
export type FollowOptions = {
  readonly abortSignal?: AbortSignal | undefined;
  readonly silenceMs?: number;
  /** Reconnections in a row without one event before it gives up. */
  readonly retries?: number;
  /** Told of a connection that broke, and of one that is there again. */
  readonly onConnection?: (connected: boolean) => void;
};

/**
 * Follows a stream and connects again from the last id when it breaks. `ask` is given that id.
 * @throws the last error when reconnecting does not help; nothing if the signal ends it
 */
export async function* follow(
  transport: Transport,
  ask: (last: string | undefined) => Ask,
  options: FollowOptions = {},
): AsyncGenerator<ServerEvent, void, void> {
  let last: string | undefined;
  let failed = 0;
  const ended = (): boolean => options.abortSignal?.aborted === true;
  while (!ended()) {
    let problem: unknown;
    try {
      const response = await transport.ask({
        accept: "text/event-stream",
        repeatable: false,
        ...ask(last),
        abortSignal: options.abortSignal,
      });
      if (response.body === null) throw new GatewayUnreachable("stream_empty", "the stream has no body", "Try again.");
      options.onConnection?.(true);
      for await (const event of parseEvents(chunks(response.body, options.silenceMs ?? STREAM_SILENCE_MS))) {
        failed = 0;
        if (event.id !== undefined) last = event.id;
        yield event;
        if (ended()) return;
      }
    } catch (error) {
      if (ended()) return;
      if (error instanceof GatewayAnswerError) throw error;
      if (error instanceof GatewayRefusal && error.status !== 429 && error.status < 500) throw error;
      problem = error;
    }
    options.onConnection?.(false);
    failed += 1;
    if (failed > (options.retries ?? STREAM_RETRIES_MAX)) {
      throw problem instanceof ProofmillError
        ? problem
        : new GatewayUnreachable(
            "stream_lost",
            "the stream ends again and again",
            "Ask the chain instead, or use another gateway.",
            problem,
          );
    }
    await pause(RETRY_PAUSE_MS * 2 ** Math.min(failed - 1, 6), options.abortSignal);
  }
}
