// The foreman of one gateway process: knows the services, the signpost and the limits, reads the clock once for many, and keeps
// the tally. It follows two files, the endpoint table and the routes, and needs nobody alive. Sockets are server.ts, one request is exchange.ts.
import { type Clock, createRng, type Timer } from '@hale/base';
import { type Endpoint, type EndpointTable, isNewerTable, type UnitName } from '@hale/model';
import { createDeadlineSweep, type DeadlineSweep, isCarriedFault, readCarried } from '@hale/resilience';
import { refuse } from './answer.ts';
import type { CallerRequest, CallerResponse } from './caller.ts';
import type { GatewayErrorCode } from './errors.ts';
import { Exchange } from './exchange.ts';
import { originForm } from './headers.ts';
import type { Chairs } from './hold.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createRouter, type RoutesFile } from './routes.ts';
import { createService, type Service } from './service.ts';
import { createTotals, type GatewayStats, type GatewayTotals, type ReplicaTraffic, unitTraffic } from './stats.ts';
import { createKeyMint } from './words.ts';

export interface WorkerOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly ordinal: number;
  readonly zone: string | undefined;
}

const headerFieldsMax = 100;
const sweepTickMs = 25;
/** Bodies kept for replay, over the whole worker. */
const bufferedBytesMax = 64 * 1024 * 1024;
/** A request that waits this long on a replica which the table took out of rotation is sent to another. */
const rescueAfterMs = 500;
const servicesMax = 1000;

export class GatewayWorker {
  readonly clock: Clock;
  readonly sweep: DeadlineSweep;
  readonly outbox: Outbox = createOutbox();
  readonly totals: GatewayTotals = createTotals();
  /** A new Idempotency-Key. */
  readonly mintKey: () => string;
  limits: RoutesFile = { v: 1, routes: [], timeoutMs: 30_000, tryTimeoutMs: 10_000, holdMs: 10_000, bodyBytesMax: 1e6 };
  /** The time of the last event that asked for it; exact enough for everything but a new event. */
  nowMs: number;
  bufferedBytes = 0;
  isDraining = false;
  private readonly options: WorkerOptions;
  private readonly rng: ReturnType<typeof createRng>;
  private readonly chairs: Chairs = { guests: 0, bytes: 0, guestsMax: 1000, bytesMax: 32 * 1024 * 1024 };
  private readonly services = new Map<UnitName, Service>();
  private router: (url: string) => UnitName | undefined = () => undefined;
  private table: EndpointTable | undefined = undefined;
  private turnedMs: number;
  private secondLook: Timer | undefined = undefined;

  constructor(options: WorkerOptions) {
    this.options = options;
    this.clock = options.clock;
    this.rng = createRng(options.seed);
    this.mintKey = createKeyMint(this.clock, options.seed);
    this.nowMs = this.clock.mono();
    this.turnedMs = this.nowMs;
    this.sweep = createDeadlineSweep(this.clock, sweepTickMs);
  }

  readClock(): number {
    this.nowMs = this.clock.mono();
    return this.nowMs;
  }

  /** Whether a body of `length` bytes may be kept for a second try. */
  mayBuffer(length: number): boolean {
    return length <= this.limits.bodyBytesMax && this.bufferedBytes + length <= bufferedBytesMax;
  }

  /** Takes a newer endpoint table; an older one is ignored. */
  followTable(table: EndpointTable): void {
    if (!isNewerTable(table, this.table)) return;
    this.table = table;
    this.readClock();
    const byService = new Map<UnitName, Endpoint[]>();
    for (const name of this.services.keys()) byService.set(name, []);
    for (const endpoint of table.endpoints) {
      const list = byService.get(endpoint.service);
      if (list === undefined) byService.set(endpoint.service, [endpoint]);
      else list.push(endpoint);
    }
    for (const [name, endpoints] of byService) this.serviceOf(name)?.follow(endpoints);
    this.rescueStranded(table);
  }

  followRoutes(routes: RoutesFile): void {
    this.limits = routes;
    this.router = createRouter(routes.routes);
    for (const route of routes.routes) this.serviceOf(route.service);
    for (const name of routes.keyed ?? []) this.serviceOf(name);
    const keyed = new Set(routes.keyed);
    for (const service of this.services.values()) service.isKeyed = keyed.has(service.name);
  }

  /** A service by name; made when first spoken of. Undefined beyond the bound. */
  serviceOf(name: UnitName): Service | undefined {
    const known = this.services.get(name);
    if (known !== undefined || this.services.size >= servicesMax) return known;
    const { clock, chairs, rng } = this;
    const service = createService({ name, clock, now: () => this.nowMs, rng, chairs, zone: this.options.zone });
    service.isKeyed = this.limits.keyed?.includes(name) ?? false;
    this.services.set(name, service);
    return service;
  }

  /** Where a request goes: the listener's own service, or what the signpost says. */
  find(url: string, listenerService: UnitName | undefined): Service | undefined {
    const name = listenerService ?? this.router(originForm(url));
    return name === undefined ? undefined : this.serviceOf(name);
  }

  handle(req: CallerRequest, res: CallerResponse, listenerService: UnitName | undefined): void {
    if (req.rawHeaders.length > headerFieldsMax * 2) {
      this.refuse(req, res, 'HALE_PLATFORM_GATEWAY_HEADERS_TOO_MANY');
      return;
    }
    const service = this.find(req.url!, listenerService);
    if (service === undefined) {
      this.refuse(req, res, 'HALE_PLATFORM_GATEWAY_NO_ROUTE');
      return;
    }
    const carried = readCarried(req.headers);
    if (isCarriedFault(carried)) {
      this.totals.requests++;
      refuse({ req, res }, 'HALE_PLATFORM_GATEWAY_HEADER_INVALID', carried);
      return;
    }
    new Exchange(this, service, { req, res, carried, isPublic: listenerService === undefined }).start();
  }

  private refuse(req: CallerRequest, res: CallerResponse, code: GatewayErrorCode): void {
    this.totals.requests++;
    refuse({ req, res }, code, { isLast: this.isDraining });
  }

  /** The picture of the tally. Also turns the percentiles' memory every ten seconds. */
  stats(): GatewayStats {
    const at = this.readClock();
    const oldest = this.oldestWaits();
    const replicas: Record<string, ReplicaTraffic> = {};
    const perUnit: GatewayStats['perUnit'] = {};
    for (const service of this.services.values()) {
      (perUnit as Record<string, unknown>)[service.name] = unitTraffic(service.tally);
      for (const [incarnation, upstream] of service.upstreams) {
        const { requests, errors, inFlight } = upstream;
        replicas[incarnation] = { requests, errors, inFlight, oldestWaitMs: Math.round(oldest.get(upstream) ?? 0) };
      }
    }
    if (at - this.turnedMs >= 10_000) {
      this.turnedMs = at;
      for (const service of this.services.values()) service.tally.latency.turn();
    }
    return { v: 1, at, ordinal: this.options.ordinal, totals: { ...this.totals }, replicas, perUnit };
  }

  close(): void {
    this.sweep.stop();
    this.secondLook?.cancel();
    for (const service of this.services.values()) service.close();
  }

  private oldestWaits(): Map<unknown, number> {
    const oldest = new Map<unknown, number>();
    for (const item of this.sweep) {
      if (!(item instanceof Exchange) || item.awaits === undefined) continue;
      oldest.set(item.awaits, Math.max(oldest.get(item.awaits) ?? 0, item.tryAgeMs));
    }
    return oldest;
  }

  /**
   * Requests that wait on a replica which was taken out of rotation need not wait for it to die. One that drains still answers.
   * Those too young to judge are looked at again; none is sent there any more.
   */
  private rescueStranded(table: EndpointTable): void {
    this.secondLook?.cancel();
    const live = table.endpoints.filter(({ state }) => state === 'in' || state === 'draining');
    const left = new Set<string>(live.map((each) => each.incarnation));
    let hasYoung = false;
    for (const item of [...this.sweep]) {
      if (!(item instanceof Exchange) || item.awaits === undefined) continue;
      if (left.has(item.awaits.endpoint.incarnation)) continue;
      if (item.tryAgeMs >= rescueAfterMs) item.rescue();
      else hasYoung = true;
    }
    if (!hasYoung) return;
    this.secondLook = this.clock.after(rescueAfterMs, () => {
      this.readClock();
      this.rescueStranded(table);
    });
  }
}
