// Holds an answer back at the door: what a handler writes to a node:http response is collected, and goes out only once it is known
// whether its work has been committed. An answer that left too early could promise what a crash then takes away.
import type { ServerResponse } from 'node:http';
import type { Answer } from './store.ts';

export interface AnswerCapture {
  /** Resolves when the handler has ended its answer. A body over the bound is cut one byte after it. */
  readonly answered: Promise<Answer>;
  /** Lets the response go again, empty, for `sendAnswer`. */
  release(): void;
}

type Callback = () => void;

/** From now on `res` collects. `bytesMax`: more of a body is never held in memory. */
export function captureAnswer(res: ServerResponse, bytesMax: number): AnswerCapture {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const pieces: Buffer[] = [];
  let bytes = 0;
  let ended = false;
  const collect = (chunk: unknown, encoding: unknown) => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
    if (bytes > bytesMax) return;
    const piece =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : Buffer.from(chunk);
    pieces.push(piece.subarray(0, bytesMax + 1 - bytes));
    bytes += pieces.at(-1)!.byteLength;
  };
  const tell = (args: readonly unknown[]) => {
    const callback = args.find((arg): arg is Callback => typeof arg === 'function');
    if (callback !== undefined) queueMicrotask(callback);
  };
  const captured = {
    writeHead(status: number, ...rest: readonly unknown[]) {
      res.statusCode = status;
      if (typeof rest[0] === 'string') res.statusMessage = rest[0];
      setHeaders(res, typeof rest[0] === 'string' ? rest[1] : rest[0]);
      return res;
    },
    write(chunk: unknown, ...rest: readonly unknown[]) {
      if (!ended) collect(chunk, rest[0]);
      tell(rest);
      return true;
    },
    end(...args: readonly unknown[]) {
      if (!ended) {
        ended = true;
        collect(args[0], args[1]);
        resolve({ status: res.statusCode, headers: readHeaders(res), body: Buffer.concat(pieces) });
      }
      tell(args);
      return res;
    },
    flushHeaders() {},
  };
  Object.assign(res, captured);
  return {
    answered: promise,
    release() {
      for (const name of Object.keys(captured)) delete (res as unknown as Record<string, unknown>)[name];
    },
  };
}

/** Sends a whole answer, instead of whatever headers were set before. */
export function sendAnswer(res: ServerResponse, answer: Answer, method: string | undefined): void {
  if (res.headersSent || res.destroyed) return;
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  const bodiless = answer.status === 204 || answer.status === 304;
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name !== 'transfer-encoding' && name !== 'content-length') res.setHeader(name, value as string | string[]);
  }
  if (!bodiless) res.setHeader('content-length', answer.body.byteLength);
  res.statusCode = answer.status;
  res.end(bodiless || method === 'HEAD' ? undefined : answer.body);
}

function setHeaders(res: ServerResponse, headers: unknown): void {
  if (Array.isArray(headers)) {
    for (let i = 0; i + 1 < headers.length; i += 2) res.appendHeader(String(headers[i]), String(headers[i + 1]));
    return;
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value !== undefined) res.setHeader(name, value as string | number | readonly string[]);
  }
}

function readHeaders(res: ServerResponse): Answer['headers'] {
  const read: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(res.getHeaders())) {
    if (value !== undefined) read[name] = Array.isArray(value) ? value.map(String) : String(value);
  }
  return read;
}
