// What comes back from a call: the face of fetch's Response that people use, without its cost.
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

export interface Reply {
  readonly status: number;
  /** 200 to 299. */
  readonly ok: boolean;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Which replica answered (its incarnation), or 'front' for the gateway. */
  readonly from: string;
  readonly body: Readable;
  json<T = unknown>(): Promise<T>;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
  /** Throws the body away, so that its connection can be used again. Needed when you read none of the others. */
  discard(): Promise<void>;
}

export function toReply(response: Dispatcher.ResponseData, from: string): Reply {
  const { statusCode, headers, body } = response;
  return {
    status: statusCode,
    ok: statusCode >= 200 && statusCode < 300,
    headers,
    from,
    body,
    json: async <T>() => (await body.json()) as T,
    text: () => body.text(),
    bytes: async () => new Uint8Array(await body.arrayBuffer()),
    discard: () => body.dump(),
  };
}
