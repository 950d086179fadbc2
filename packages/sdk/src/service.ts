// A service's manners: it says when it can be sent work, and when told to leave it finishes what it began,
// takes nothing new and goes. It answers /readyz, /livez and /healthz itself, unless told not to.
//
//   starting --listen--> serving --SIGTERM, SIGINT, drain()--> draining --last answer sent--> stopped (exit 0)
//
// It never restarts anything and needs nobody: the same program runs under Hale, on Kubernetes, or alone.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '@hale/base';
import type { AdmissionSettings } from '@hale/resilience';
import type { Client, ClientOptions } from './client.ts';
import { guardHandler, guardServer, type Interceptor } from './gate.ts';
import type { Check, HealthReport } from './health.ts';
import { answerHealth, type HealthPaths } from './health-answer.ts';
import { beginLife, clientOf, databaseOf, endLife, type Life, type ServiceState } from './life.ts';
import { type Handler, listenOn, respondWith } from './listen.ts';
import type { Sql, SqlOptions } from './sql/sql.ts';
import type { Environment } from './surroundings.ts';

export interface ServiceOptions {
  /** Used where PORT is not set. Default 3000; 0 picks a free one. */
  readonly port?: number;
  /** Overrides HOST. Under Hale the default is 127.0.0.1, elsewhere every interface. */
  readonly host?: string;
  /** False: the SDK answers no health path, your handler sees them. */
  readonly health?: boolean | Partial<HealthPaths>;
  /** How long one check may take before it counts as failed. Default 1,000. */
  readonly checkTimeoutMs?: number;
  /** Longest time from the order to stop until connections are cut. Default 25,000. Under Hale, keep it below `grace.stop`. */
  readonly drainMs?: number;
  /** How long requests are still taken after the order to stop. Default: 100 under Hale, 5,000 on Kubernetes, else 0. */
  readonly lingerMs?: number;
  /** False: signals are left to you; call `drain()`. */
  readonly signals?: boolean;
  readonly env?: Environment;
  readonly clock?: Clock;
}

export interface Service {
  readonly name: string;
  /** `orders/1` under Hale. */
  readonly replica: string | undefined;
  readonly host: string | undefined;
  readonly port: number;
  readonly state: ServiceState;
  /** Requests that were begun and not yet answered. */
  readonly inFlight: number;
  /** Adds a condition for being sent work. Keep shared dependencies out of it, or one outage takes every replica out at once. */
  ready(check: Check, name?: string): void;
  /** Adds a condition for being alive: failing asks for a restart. Rarely needed; Hale sees hangs by itself. */
  live(check: Check, name?: string): void;
  readiness(): Promise<HealthReport>;
  liveness(): Promise<HealthReport>;
  /** Runs after the last answer was sent and before the process exits, newest first: close pools here. */
  onDrain(fn: () => void | Promise<void>): void;
  /** Serves `handler` on PORT. Gives where it listens. Throws HALE_SDK_PORT_IN_USE. */
  listen(handler: Handler): Promise<{ readonly host: string; readonly port: number; readonly server: Server }>;
  /** For a server of your own (or a framework's): counts its requests and drains it with the rest. It must be listening or listen later. */
  attach(server: Server): void;
  /** The same for one handler, where the server is not at hand: gives a handler to serve instead. */
  handle(handler: Handler): Handler;
  /** `interceptor` runs before the handler of every request that was let in, in the order of adding. */
  use(interceptor: Interceptor): void;
  /** Requests to this path (below it, when it ends with '/') are never refused, shed or bound by headers. Health paths are so already. */
  exempt(path: string): void;
  /**
   * Sheds load before it drowns: on by default, nothing to tune. What is refused (503, `x-hale-refused: shed`) was not begun; 'sheddable'
   * requests go first, 'critical' last. False switches it off. Throws HALE_RESILIENCE_SETTINGS.
   */
  shedding(settings: boolean | AdmissionSettings): void;
  /** Something is missing from the answers: /healthz says so, with the cause and since when, and stays 200. Ends with `recovered(name)`. */
  degraded(name: string, cause: string): void;
  recovered(name: string): void;
  /**
   * A caller of another service: finds its replicas, balances, retries what is safe. One for each service; options given again are taken
   * over by the one there is. Throws HALE_SDK_SERVICE_UNKNOWN, HALE_SDK_CLIENT_INVALID.
   */
  client(service: string, options?: ClientOptions): Client;
  /**
   * The database of `uses` (its name, where there are several): transactions that survive a failover, reads from copies. Needs the library
   * pg. Options count at the first asking. Throws HALE_SDK_SQL_NO_DATABASE, HALE_SDK_SQL_OPTION_INVALID.
   */
  sql(database?: string, options?: SqlOptions): Sql;
  /** Leaves politely. Resolves when everything is finished; true if nothing had to be cut. */
  drain(): Promise<boolean>;
}

/**
 * Makes a service of this process. Call it once, before `listen`.
 *
 * @example
 * const service = createService('orders');
 * service.ready(() => cache.isWarm, 'cache');
 * await service.listen((req, res) => res.end('hello'));
 */
export function createService(name: string, options: ServiceOptions = {}): Service {
  const life = beginLife(options);
  const { around, traffic, readyChecks, liveChecks, degraded, gate } = life;
  const service: Service = {
    name,
    replica: around.replica,
    host: options.host ?? around.host,
    port: around.port,
    get state() {
      return life.state;
    },
    get inFlight() {
      return traffic.inFlight;
    },
    ready: (check, checkName = `check ${nextCheck++}`) => readyChecks.add(checkName, check),
    live: (check, checkName = `check ${nextCheck++}`) => liveChecks.add(checkName, check),
    async readiness() {
      const report =
        life.state === 'serving' ? await readyChecks.run() : { ok: false, checks: { service: life.state } };
      return degraded.list.length === 0 ? report : { ...report, degraded: degraded.list };
    },
    liveness: () => liveChecks.run(),
    onDrain: (fn) => void life.goodbyes.push(fn),
    use: (interceptor) => void gate.interceptors.push(interceptor),
    exempt: (path) => void life.exempt.push(path),
    shedding: (settings) => gate.door.set(settings),
    degraded: (what, cause) => degraded.add(what, cause),
    recovered: (what) => degraded.remove(what),
    handle: (handler) => guardHandler((req, res) => answerOrHandle(service, life, { handler, req, res }), gate),
    attach(server) {
      traffic.watch(server);
      guardServer(server, gate);
      if (life.state === 'starting') life.state = 'serving';
    },
    async listen(handler) {
      const server = createServer((req, res) => answerOrHandle(service, life, { handler, req, res }));
      const at = await listenOn(server, { port: service.port, host: service.host });
      service.attach(server);
      return { ...at, server };
    },
    client: (called, clientOptions) => clientOf(life, { caller: name, called, options: clientOptions }),
    sql: (database, sqlOptions) => databaseOf(life, database, sqlOptions),
    drain() {
      life.leaving ??= endLife(life, options);
      return life.leaving;
    },
  };
  if (options.signals ?? true) leaveOnSignals(service);
  return service;
}

function answerOrHandle(
  service: Service,
  life: Life,
  what: { handler: Handler; req: IncomingMessage; res: ServerResponse },
): void {
  const { handler, req, res } = what;
  if (!answerHealth(service, life.paths, { req, res })) respondWith(handler, req, res);
}

let nextCheck = 1;

/** SIGTERM or SIGINT: drain, then exit 0 (1 where connections had to be cut). A second SIGINT exits at once, as people expect of Ctrl-C. */
function leaveOnSignals(service: Service): void {
  const leave = (signal: NodeJS.Signals) => {
    if (signal === 'SIGINT' && service.state === 'draining') process.exit(130);
    service.drain().then(
      (clean) => process.exit(clean ? 0 : 1),
      (error: unknown) => {
        process.stderr.write(`${service.name}: a goodbye of onDrain failed: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
}
