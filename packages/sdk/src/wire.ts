// The cable: undici with bounded connections, loaded at the first call, so that a service that calls nobody does not
// carry it in memory. It knows one thing of errors: whether the request was surely never sent.
import type { Agent, Dispatcher } from 'undici';

export interface Wire {
  request(url: string, options: WireOptions): Promise<Dispatcher.ResponseData>;
  /** True when no byte of the request can have reached the other side. */
  wasUnsent(error: unknown): boolean;
  close(): Promise<void>;
}

export interface WireOptions {
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
}

const connectTimeoutMs = 1_000;
const unsentCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export function createWire(connectionsMax: number): Wire {
  let agent: Promise<{ agent: Agent; request: typeof import('undici').request }> | undefined;
  const open = async () => {
    const { Agent, request } = await import('undici');
    return {
      request,
      agent: new Agent({
        ...{ connections: connectionsMax, pipelining: 1, connect: { timeout: connectTimeoutMs } },
        // Every call has a timer of its own.
        ...{ headersTimeout: 0, bodyTimeout: 0 },
      }),
    };
  };
  return {
    async request(url, options) {
      agent ??= open();
      const { agent: dispatcher, request } = await agent;
      return request(url, { ...options, dispatcher });
    },
    wasUnsent(error) {
      const code = (error as { code?: unknown } | undefined)?.code;
      return typeof code === 'string' && unsentCodes.has(code);
    },
    async close() {
      if (agent === undefined) return;
      await (await agent).agent.close();
    },
  };
}
