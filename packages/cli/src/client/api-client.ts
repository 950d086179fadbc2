// The telephone to the control room. It knows the paths and the token, puts a bound on every call, and turns what
// goes wrong into an error that says what to type. It holds no state: control may die and come back at another address
// between two calls, so the address is read anew each time.
import type { FeedLine, IncidentView, Order, SystemView, TrafficView } from '@hale/model';
import { cliError } from '../errors.ts';
import { readEventStream } from './event-stream.ts';

export interface ApiAddress {
  readonly url: string;
  readonly token: string;
}

export type StreamItem =
  | { readonly kind: 'view'; readonly view: SystemView }
  | { readonly kind: 'feed'; readonly line: FeedLine }
  | { readonly kind: 'traffic'; readonly traffic: TrafficView };

export interface ApiClient {
  system(): Promise<SystemView>;
  traffic(): Promise<TrafficView>;
  /** At most `limit` lines of the story, oldest first: those after `after`, or the newest ones. */
  feed(after: number | undefined, limit: number): Promise<readonly FeedLine[]>;
  incident(id: string): Promise<IncidentView>;
  order(order: Order): Promise<void>;
  /** Asks control to follow releases/<release>.json from now on. */
  declare(release: number): Promise<void>;
  /** Everything as it happens, the story from after line `after` on, until `signal`; ends when control goes away (ask again then). */
  stream(after: number | undefined, signal: AbortSignal): AsyncGenerator<StreamItem>;
  /** True when the counter is open, whatever it knows yet. */
  isUp(): Promise<boolean>;
}

const callTimeoutMs = 10_000;
const upTimeoutMs = 2_000;

/** `address` is asked before each call; undefined means that control is not (yet) there. */
export function createApiClient(address: () => ApiAddress | undefined): ApiClient {
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const where = address();
    if (where === undefined)
      throw cliError('HALE_CLI_CONTROL_AWAY', 'the control room does not answer: it has no address yet');
    const headers = {
      authorization: `Bearer ${where.token}`,
      ...(init.body ? { 'content-type': 'application/json' } : {}),
    };
    let response: Response;
    try {
      response = await fetch(`${where.url}/api/v1${path}`, { ...init, headers });
    } catch (error) {
      throw cliError('HALE_CLI_CONTROL_AWAY', `the control room does not answer at ${where.url}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    if (!response.ok) throw await refusalOf(response, path);
    return response;
  };
  const get = async <T>(path: string): Promise<T> =>
    (await (await call(path, { signal: AbortSignal.timeout(callTimeoutMs) })).json()) as T;
  const post = async (path: string, body: unknown): Promise<void> => {
    const response = await call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(callTimeoutMs),
    });
    await response.arrayBuffer();
  };
  return {
    system: () => get('/system'),
    traffic: () => get('/traffic'),
    feed: (after, limit) => get(`/feed?limit=${limit}${afterQuery('&', after)}`),
    incident: (id) => get(`/incidents/${encodeURIComponent(id)}`),
    async isUp() {
      const where = address();
      if (where === undefined) return false;
      const answer = await fetch(`${where.url}/healthz`, { signal: AbortSignal.timeout(upTimeoutMs) }).catch(
        () => undefined,
      );
      await answer?.arrayBuffer().catch(() => undefined);
      return answer?.ok === true;
    },
    order: (order) => post('/orders', { order }),
    declare: (release) => post('/declare', { release }),
    async *stream(after, signal) {
      const response = await call(`/stream${afterQuery('?', after)}`, { signal });
      if (response.body === null) return;
      for await (const event of readEventStream(response.body)) {
        const item = itemOf(event.name, event.data);
        if (item !== undefined) yield item;
      }
    },
  };
}

const afterQuery = (mark: '?' | '&', after: number | undefined) => (after === undefined ? '' : `${mark}after=${after}`);

function itemOf(name: string, data: string): StreamItem | undefined {
  switch (name) {
    case 'view':
      return { kind: 'view', view: JSON.parse(data) as SystemView };
    case 'feed':
      return { kind: 'feed', line: JSON.parse(data) as FeedLine };
    case 'traffic':
      return { kind: 'traffic', traffic: JSON.parse(data) as TrafficView };
    default:
      return undefined;
  }
}

function reasonOf(error: unknown): string {
  const fault = error as Error & { cause?: { code?: string; message?: string } };
  return fault.cause?.code ?? fault.cause?.message ?? fault.message;
}

/** Control's own words where it gave some; it answers errors as `{ code, message, hint }`. */
async function refusalOf(response: Response, path: string): Promise<Error> {
  const text = await response.text().catch(() => '');
  let said: {
    message?: string;
    hint?: string;
    code?: string;
    error?: { message?: string; hint?: string; code?: string };
  } = {};
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    // not JSON: the status has to do
  }
  const { message, hint, code } = said.error ?? said;
  // 503: it is there, but has no picture yet or is about to hand over.
  const kind = response.status === 503 ? 'HALE_CLI_CONTROL_AWAY' : 'HALE_CLI_REFUSED';
  return cliError(kind, message ?? `${path} was answered with status ${response.status}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { status: response.status, code },
  });
}
