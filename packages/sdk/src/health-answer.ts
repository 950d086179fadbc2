// The reception desk for probes: three paths, answered before the service's own handler is asked.
// It says which check fails and what is missing (degraded), never a secret, and nothing that changes with load.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HealthReport } from './health.ts';

export interface HealthPaths {
  /** May it be sent work? 503 while starting, draining, or a ready check fails. */
  readonly ready: string;
  /** Is it alive? 503 only when a live check fails. */
  readonly live: string;
  /** For people and load balancers that know one path only: the same answer as `ready`. */
  readonly health: string;
}

export interface HealthSource {
  readiness(): Promise<HealthReport>;
  liveness(): Promise<HealthReport>;
}

const defaults: HealthPaths = { ready: '/readyz', live: '/livez', health: '/healthz' };

/** The paths to answer; undefined for none. */
export function healthPaths(wanted: boolean | Partial<HealthPaths>): HealthPaths | undefined {
  if (wanted === false) return undefined;
  return wanted === true ? defaults : { ...defaults, ...wanted };
}

/** True when the request was a health question; it is answered then. */
export function answerHealth(
  source: HealthSource,
  paths: HealthPaths | undefined,
  call: { readonly req: IncomingMessage; readonly res: ServerResponse },
): boolean {
  const { req, res } = call;
  if (paths === undefined || (req.method !== 'GET' && req.method !== 'HEAD')) return false;
  const path = pathOf(req.url ?? '/');
  if (path !== paths.ready && path !== paths.live && path !== paths.health) return false;
  const asked = path === paths.live ? source.liveness() : source.readiness();
  // Neither rejects: a check that throws is a check that failed.
  void asked.then((report) => {
    const body = healthBody(report);
    res.writeHead(report.ok ? 200 : 503, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    res.end(req.method === 'HEAD' ? undefined : body);
  });
  return true;
}

/** `degraded` is there only while something is missing; then an answer that would be 'ok' says 'degraded', and is 200 all the same. */
export function healthBody(report: HealthReport): string {
  const { ok, checks, degraded } = report;
  if (degraded === undefined) return JSON.stringify({ status: ok ? 'ok' : 'failing', checks });
  const missing = degraded.map((one) => ({ ...one, since: new Date(one.since).toISOString() }));
  return JSON.stringify({ status: ok ? 'degraded' : 'failing', checks, degraded: missing });
}

/** A request target without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
