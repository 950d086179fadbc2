// The porter's lodge of one relay process: the ways to the databases, a desk for each inherited listener, and one timer for all of them, which
// runs only while somebody waits. It follows the endpoint table and needs nobody alive: the last good table serves (INV-08). The desks do
// the leading.
import type { Socket } from 'node:net';
import type { Clock, Timer } from '@hale/base';
import { type DatabaseNode, type EndpointTable, isNewerTable } from '@hale/model';
import {
  askMs,
  describeNode,
  follow,
  leadsAlike,
  lookEveryMs,
  nodeKey,
  noWay,
  type Purpose,
  type ReachLimits,
  reachDefaults,
  Watch,
  type Way,
} from '@hale/model/relay';
import { ask } from './ask.ts';
import { Desk, type DeskLimits } from './desk.ts';
import { createRelayTotals, type DatabaseTraffic, type RelayStats } from './stats.ts';

export interface RelayLimits extends DeskLimits, ReachLimits {
  /** Over all listeners of this process. */
  readonly connectionsMax: number;
  readonly tickMs: number;
}

export const defaultRelayLimits: RelayLimits = {
  connectionsMax: 10_000,
  waitingMax: 1_000,
  holdMs: 10_000,
  tryMs: 1_000,
  restMs: 1_000,
  tickMs: 25,
  ...reachDefaults,
};

export interface RelayOptions {
  readonly clock: Clock;
  readonly ordinal: number;
  readonly limits?: Partial<RelayLimits>;
}

export class RelayWorker {
  readonly limits: RelayLimits;
  readonly totals = createRelayTotals();
  isDraining = false;
  private readonly clock: Clock;
  private readonly ordinal: number;
  private readonly ways = new Map<string, Way>();
  private readonly desks: Desk[] = [];
  private table: EndpointTable | undefined = undefined;
  private ticking: Timer | undefined = undefined;
  private looking: Timer | undefined = undefined;
  private readonly watch: Watch;

  constructor({ clock, ordinal, limits }: RelayOptions) {
    this.clock = clock;
    this.ordinal = ordinal;
    this.limits = { ...defaultRelayLimits, ...limits };
    this.watch = new Watch(this.limits, clock.mono());
  }

  /** The desk of a listener: `db:orders` or `db-ro:orders`. As many as were handed on. */
  openDesk(database: string, purpose: Purpose): Desk {
    const { limits, totals, clock, watch } = this;
    const desk = new Desk({ database, purpose, limits, totals, now: () => clock.mono(), watch });
    this.desks.push(desk);
    desk.follow(this.ways.get(database) ?? noWay);
    return desk;
  }

  /** A new connection; its socket must be paused. */
  receive(desk: Desk, client: Socket): void {
    if (this.size >= this.limits.connectionsMax)
      desk.turnAway(client, { code: '53300', message: 'too many connections are open through this relay' });
    else desk.admit(client);
    this.wake();
  }

  /** Takes a newer table; of an older one, and of an older term of one database, nothing is believed. */
  followTable(table: EndpointTable): void {
    if (!isNewerTable(table, this.table)) return;
    this.table = table;
    const told = new Map((table.databases ?? []).map((database) => [database.name as string, database]));
    for (const desk of this.desks) {
      const way = this.ways.get(desk.database) ?? noWay;
      const next = follow(way, told.get(desk.database));
      if (!leadsAlike(way, next)) this.ways.set(desk.database, next);
    }
    for (const desk of this.desks) desk.follow(this.ways.get(desk.database) ?? noWay);
    this.wake();
  }

  get size(): number {
    return this.desks.reduce((sum, desk) => sum + desk.size, 0);
  }

  stats(): RelayStats {
    const databases: Record<string, DatabaseTraffic> = {};
    for (const { database } of this.desks) databases[database] ??= this.trafficOf(database);
    return { v: 1, at: this.clock.mono(), ordinal: this.ordinal, totals: { ...this.totals }, databases };
  }

  /** Ends whoever is still there. */
  close(): void {
    for (const desk of this.desks) desk.close();
    this.ticking?.cancel();
    this.looking?.cancel();
  }

  private trafficOf(database: string): DatabaseTraffic {
    const way = this.ways.get(database) ?? noWay;
    const desks = this.desks.filter((desk) => desk.database === database);
    const ledFor = (purpose: Purpose) => desks.find((desk) => desk.purpose === purpose)?.ledCount ?? 0;
    const waiting = desks.reduce((sum, desk) => sum + desk.waitingCount, 0);
    const silent = this.watch.silent.filter((node) => desks.some((desk) => desk.leadsTo(nodeKey(node))));
    return {
      term: way.term,
      primary: describeNode(way),
      ...{ writers: ledFor('write'), readers: ledFor('read'), waiting },
      ...(silent.length > 0 && { silent: silent.map(({ replica }) => replica) }),
    };
  }

  private onSilent(node: DatabaseNode): void {
    const { clock, desks, watch } = this;
    // What came since the last look counts before anybody is cut.
    if (desks.some((desk) => desk.hasHeard(node))) return void watch.heard(nodeKey(node), clock.mono());
    for (const desk of desks) desk.onSilent(node);
    this.wake();
  }

  /** One timer for all who wait, and none while nobody does; one for the watch, while anybody is here or a node is silent. */
  private wake(): void {
    this.looking ??= this.clock.every(lookEveryMs(this.limits), () => this.look());
    if (this.ticking !== undefined || !this.desks.some((desk) => desk.isBusy)) return;
    this.ticking = this.clock.every(this.limits.tickMs, () => {
      for (const desk of this.desks) desk.tick();
      if (this.desks.some((desk) => desk.isBusy)) return;
      this.ticking?.cancel();
      this.ticking = undefined;
    });
  }

  private look(): void {
    const { clock, desks, limits, watch } = this;
    const watched = desks.flatMap((desk) => [...desk.watched()]);
    const isWay = (key: string) => desks.some((desk) => desk.leadsTo(key));
    for (const one of watch.look(watched, isWay, clock.mono()))
      ask(one.node, { clock, askMs: askMs(limits) }, (isAnswered) => {
        if (watch.answered(one, isAnswered, clock.mono())) this.onSilent(one.node);
      });
    if (this.size > 0 || !this.watch.isEmpty) return;
    this.looking?.cancel();
    this.looking = undefined;
  }
}
