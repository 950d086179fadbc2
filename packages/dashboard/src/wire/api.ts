// Asks the control room over HTTP, on the page's own origin; the token is a cookie that this page never sees. Every
// failure becomes an ApiTrouble that carries the API's own words and the next thing to type.
import type { FeedLine, IncidentView, Order, SystemView, TrafficView } from '@hale/model';

export interface ApiTrouble {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly trouble: ApiTrouble };

const timeoutMs = 10_000;

export const getSystem = () => ask<SystemView>('GET', '/api/v1/system');
export const getTraffic = () => ask<TrafficView>('GET', '/api/v1/traffic');
export const getIncident = (id: string) => ask<IncidentView>('GET', `/api/v1/incidents/${encodeURIComponent(id)}`);
export const postOrder = (order: Order) => ask<unknown>('POST', '/api/v1/orders', { order });

/** The lines after `after`; without it the newest ones. */
export const getFeed = (limit: number, after: number | undefined) =>
  ask<readonly FeedLine[]>('GET', `/api/v1/feed?limit=${limit}${after === undefined ? '' : `&after=${after}`}`);

/** The last lines that a replica wrote, oldest first. */
export async function getLogs(replica: string, tail: number): Promise<Answer<readonly string[]>> {
  const answer = await ask<unknown>('GET', `/api/v1/logs/${encodeURIComponent(replica)}?tail=${tail}`);
  return answer.ok ? { ok: true, value: linesOf(answer.value) } : answer;
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined
        ? {}
        : {
            body: JSON.stringify(body),
            headers: { 'content-type': 'application/json', 'x-hale-caller': 'dashboard' },
          }),
    });
    const text = await response.text();
    const value = parse(text);
    return response.ok ? { ok: true, value: value as T } : { ok: false, trouble: troubleOf(response.status, value) };
  } catch {
    return { ok: false, trouble: unreachable };
  }
}

const unreachable: ApiTrouble = {
  status: 0,
  code: 'HALE_DASHBOARD_UNREACHABLE',
  message: 'The control room does not answer. Traffic and workloads go on without it.',
  hint: 'It is restarted by its keeper within seconds; if it stays away, run: hale status',
};

function troubleOf(status: number, value: unknown): ApiTrouble {
  const body = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const inner = (typeof body['error'] === 'object' && body['error'] !== null ? body['error'] : body) as typeof body;
  const text = (key: string, fallback: string) => (typeof inner[key] === 'string' ? (inner[key] as string) : fallback);
  return {
    status,
    code: text('code', `HTTP ${status}`),
    message: text('message', `The control room answered ${status}.`),
    hint: text('hint', 'Run: hale status'),
  };
}

/** JSON where it is JSON, the text itself otherwise (log files are served as text). */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function linesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === 'object' && value !== null && Array.isArray((value as { lines?: unknown }).lines))
    return linesOf((value as { lines: unknown }).lines);
  return typeof value === 'string' ? value.split('\n').filter((line, i, all) => line !== '' || i < all.length - 1) : [];
}
