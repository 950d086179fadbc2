// A service's manners: it says when it can be sent work, and when told to leave it finishes what it began,
// takes nothing new and goes. It answers /readyz, /livez and /healthz itself, unless told not to.
//
//   starting --listen--> serving --SIGTERM, SIGINT, drain()--> draining --last answer sent--> stopped (exit 0)
//
// It never restarts anything and needs nobody: the same program runs under Hale, on Kubernetes, or alone.
import { createServer, type Server } from 'node:http';
import { type Clock, createSystemClock } from '@hale/base';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { type Check, type CheckList, createCheckList, type HealthReport } from './health.ts';
import { answerHealth, type HealthPaths, healthPaths } from './health-answer.ts';
import { type Handler, listenOn, respondWith } from './listen.ts';
import { type Environment, readSurroundings, type Surroundings } from './surroundings.ts';
import { createTraffic, type Traffic } from './traffic.ts';

export type ServiceState = 'starting' | 'serving' | 'draining' | 'stopped';

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
  /** A caller of another service: finds its replicas, balances, retries what is safe. */
  client(service: string, options?: ClientOptions): Client;
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
  const { around, clock, env, traffic, readyChecks, liveChecks, paths } = life;
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
    readiness: async () =>
      life.state === 'serving' ? readyChecks.run() : { ok: false, checks: { service: life.state } },
    liveness: () => liveChecks.run(),
    onDrain: (fn) => void life.goodbyes.push(fn),
    attach(server) {
      traffic.watch(server);
      if (life.state === 'starting') life.state = 'serving';
    },
    async listen(handler) {
      const server = createServer((req, res) => {
        if (!answerHealth(service, paths, { req, res })) respondWith(handler, req, res);
      });
      const at = await listenOn(server, { port: service.port, host: service.host });
      service.attach(server);
      return { ...at, server };
    },
    client(called, clientOptions) {
      const source = { service: called, env, clock, zone: around.zone, tableFile: around.tableFile };
      const client = life.clients.get(called) ?? createClient(source, clientOptions);
      life.clients.set(called, client);
      return client;
    },
    drain() {
      life.leaving ??= endLife(life, options);
      return life.leaving;
    },
  };
  if (options.signals ?? true) leaveOnSignals(service);
  return service;
}

interface Life {
  readonly clock: Clock;
  readonly env: Environment;
  readonly around: Surroundings;
  readonly paths: HealthPaths | undefined;
  readonly readyChecks: CheckList;
  readonly liveChecks: CheckList;
  readonly traffic: Traffic;
  readonly goodbyes: (() => void | Promise<void>)[];
  /** One for each service of `uses`: as many as the program names. */
  readonly clients: Map<string, Client>;
  state: ServiceState;
  leaving: Promise<boolean> | undefined;
}

function beginLife(options: ServiceOptions): Life {
  const clock = options.clock ?? createSystemClock();
  const env = options.env ?? process.env;
  const checkTimeoutMs = options.checkTimeoutMs ?? 1_000;
  return {
    clock,
    env,
    around: readSurroundings(env, options.port ?? 3000),
    paths: healthPaths(options.health ?? true),
    readyChecks: createCheckList(clock, checkTimeoutMs),
    liveChecks: createCheckList(clock, checkTimeoutMs),
    traffic: createTraffic(clock),
    goodbyes: [],
    clients: new Map(),
    state: 'starting',
    leaving: undefined,
  };
}

async function endLife(life: Life, options: ServiceOptions): Promise<boolean> {
  life.state = 'draining';
  life.traffic.sayGoodbye();
  const clean = await life.traffic.finish({
    lingerMs: options.lingerMs ?? life.around.lingerMs,
    withinMs: options.drainMs ?? 25_000,
  });
  for (const goodbye of life.goodbyes.reverse()) await goodbye();
  for (const client of life.clients.values()) await client.close();
  life.state = 'stopped';
  return clean;
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
