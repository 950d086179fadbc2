// One listener's desk: guests arrive, are led, or wait in line for a primary.
//
//   arrived --> trying --reached--> led --> gone
//      |         ^  | failed         | the way has changed: cut
//      v         |  v
//      waiting --+ (every tick, and at every new way; the first in line tries, and if it gets through all do) --too long--> sent away
//
// Where a node has gone silent (model/relay/reach.ts), who was led there is cut, and who would be is sent away.
//
// Only the first in line knocks: a thousand who wait must not be a thousand knocks every 25 ms on a node that is just getting up.
import type { Socket } from 'node:net';
import type { DatabaseNode } from '@hale/model';
import {
  choose,
  isSameNode,
  mayStay,
  nodeKey,
  noWay,
  type Purpose,
  type Watch,
  type Watched,
  type Way,
} from '@hale/model/relay';
import { Passage } from './passage.ts';
import { type Refusal, sendAway } from './refusal.ts';
import type { RelayTotals } from './stats.ts';

export interface DeskLimits {
  /** Guests in line, for each listener. */
  readonly waitingMax: number;
  readonly holdMs: number;
  /** One try. */
  readonly tryMs: number;
  /** A reader that refused somebody is passed over for so long. */
  readonly restMs: number;
}

export interface DeskOptions {
  readonly database: string;
  readonly purpose: Purpose;
  readonly limits: DeskLimits;
  readonly totals: RelayTotals;
  readonly now: () => number;
  readonly watch: Pick<Watch, 'isSilent' | 'heard'>;
}

/** Those who were sent away and have not left; more are closed without a word. */
const leavingMax = 1000;
const leaveMs = 1_000;

export class Desk {
  readonly database: string;
  readonly purpose: Purpose;
  private readonly options: DeskOptions;
  private way: Way = noWay;
  private readonly waiting = new Set<Passage>();
  private readonly trying = new Set<Passage>();
  private readonly led = new Set<Passage>();
  private readonly leaving = new Map<Socket, number>();
  private readonly restsUntil = new Map<string, number>();
  private readonly loads = new Map<string, number>();

  constructor(options: DeskOptions) {
    this.options = options;
    this.database = options.database;
    this.purpose = options.purpose;
  }

  get ledCount(): number {
    return this.led.size;
  }

  get waitingCount(): number {
    return this.waiting.size + this.trying.size;
  }

  get size(): number {
    return this.led.size + this.waiting.size + this.trying.size;
  }

  /** Whether `tick` has anything to look after. */
  get isBusy(): boolean {
    return this.waiting.size > 0 || this.trying.size > 0 || this.leaving.size > 0;
  }

  /** A new guest, whose socket nobody has read from. */
  admit(client: Socket): void {
    this.options.totals.connections++;
    const passage = new Passage(client, this.options.now());
    if (this.waiting.size > 0) this.wait(passage);
    else this.attempt(passage);
  }

  /** Somebody for whom there is no room. */
  turnAway(client: Socket, refusal: Refusal): void {
    const { totals, now } = this.options;
    if (client.destroyed) return;
    totals.refused++;
    client.on('error', () => client.destroy());
    if (this.leaving.size >= leavingMax) return void client.destroy();
    this.leaving.set(client, now());
    client.once('close', () => this.leaving.delete(client));
    sendAway(client, refusal);
  }

  /** Leads by `way` from now on: cuts whoever may not stay, recalls whoever is on the way to a wrong node, and tries for those in line. */
  follow(way: Way): void {
    if (way === this.way) return;
    this.way = way;
    for (const passage of this.led) {
      if (mayStay(way, this.purpose, passage.guide!)) continue;
      this.options.totals.cut++;
      this.forget(passage);
      passage.cut();
    }
    for (const passage of [...this.trying]) {
      if (mayStay(way, this.purpose, passage.guide!)) continue;
      this.recall(passage);
      this.wait(passage);
    }
    this.restsUntil.clear();
    this.callFirst();
  }

  /** Who is with which node, and whether it was heard since the last look; and where the first in line wants to go. */
  *watched(): Iterable<Watched> {
    for (const passage of this.led) yield { node: passage.guide!.node, isHeard: passage.hasHeard() };
    const next = this.waitingCount > 0 ? this.choice() : undefined;
    if (next !== undefined) yield { node: next, isHeard: false };
  }

  /** Whether somebody may be led to this node. */
  leadsTo(key: string): boolean {
    const { primary, readers } = this.way;
    return [primary, ...readers].some((node) => node !== undefined && nodeKey(node) === key);
  }

  /** Whether something came from this node since the last look. */
  hasHeard(node: DatabaseNode): boolean {
    return this.passagesAt(node).some((passage) => passage.hasHeard());
  }

  /** Nothing comes from this node any more: whoever is with it has been waiting in vain, and whoever would be led there is told so. */
  onSilent(node: DatabaseNode): void {
    for (const passage of this.passagesAt(node)) {
      this.options.totals.cut++;
      this.forget(passage);
      passage.cut();
    }
    for (const passage of [...this.trying]) {
      if (!isSameNode(passage.guide!.node, node)) continue;
      this.recall(passage);
      this.attempt(passage);
    }
    for (const passage of [...this.waiting]) this.attempt(passage);
  }

  /** What time brings: ends what takes too long, and lets the first in line try again. */
  tick(): void {
    const nowMs = this.options.now();
    const { holdMs, tryMs } = this.options.limits;
    for (const passage of [...this.trying]) {
      if (nowMs - passage.triedMs < tryMs) continue;
      const node = passage.guide!.node;
      this.recall(passage);
      this.failed(passage, nodeKey(node));
    }
    for (const passage of [...this.waiting]) if (nowMs - passage.sinceMs >= holdMs) this.dismiss(passage);
    for (const [socket, sinceMs] of this.leaving) if (nowMs - sinceMs >= leaveMs) socket.destroy();
    if (this.trying.size === 0) this.callFirst();
  }

  /** Ends everybody. */
  close(): void {
    for (const passage of [...this.led, ...this.trying, ...this.waiting]) {
      this.forget(passage);
      passage.cut();
    }
    for (const socket of this.leaving.keys()) socket.destroy();
  }

  private attempt(passage: Passage): void {
    this.waiting.delete(passage);
    const node = this.choice();
    if (node === undefined) {
      this.wait(passage);
      return;
    }
    const key = nodeKey(node);
    if (this.options.watch.isSilent(key)) {
      this.turnAway(passage.client, this.silence(node));
      return;
    }
    this.trying.add(passage);
    this.count(key, 1);
    passage.try({ node, term: this.way.term }, this.options.now(), {
      onReached: () => {
        this.trying.delete(passage);
        this.led.add(passage);
        this.options.watch.heard(key, this.options.now());
        for (const other of [...this.waiting]) this.attempt(other);
      },
      onFailed: () => {
        this.trying.delete(passage);
        this.count(key, -1);
        this.failed(passage, key);
      },
      onGone: () => this.forget(passage),
    });
  }

  private passagesAt(node: DatabaseNode): readonly Passage[] {
    return [...this.led].filter(({ guide }) => isSameNode(guide!.node, node));
  }

  private choice() {
    const nowMs = this.options.now();
    return choose(this.way, this.purpose, {
      load: (node) => this.loads.get(nodeKey(node)) ?? 0,
      rests: (node) => (this.restsUntil.get(nodeKey(node)) ?? 0) > nowMs || this.options.watch.isSilent(nodeKey(node)),
    });
  }

  private failed(passage: Passage, key: string): void {
    const { totals, now, limits } = this.options;
    totals.failedTries++;
    const hadRest = (this.restsUntil.get(key) ?? 0) > now();
    // Cleared with every new way, so never more than its nodes.
    this.restsUntil.set(key, now() + limits.restMs);
    // Another reader may do at once; each failure takes one away, so this ends.
    const next = this.choice();
    const isOther = next !== undefined && nodeKey(next) !== key;
    if (this.purpose === 'read' && isOther && !hadRest) this.attempt(passage);
    else this.wait(passage);
  }

  private wait(passage: Passage): void {
    const { totals, limits } = this.options;
    if (passage.client.destroyed) return;
    // Who is just trying keeps a place in line, else a newcomer would take it.
    if (this.waitingCount >= limits.waitingMax) {
      this.dismiss(passage);
      return;
    }
    if (!passage.wasHeld) totals.held++;
    passage.wasHeld = true;
    this.waiting.add(passage);
  }

  private callFirst(): void {
    const [first] = this.waiting;
    if (first !== undefined) this.attempt(first);
  }

  private dismiss(passage: Passage): void {
    this.waiting.delete(passage);
    const what = this.purpose === 'write' ? 'primary' : 'reader';
    this.turnAway(passage.client, { code: '57P03', message: `no ${what} of database ${this.database} can be reached` });
  }

  private silence({ replica }: DatabaseNode): Refusal {
    const who =
      replica === this.way.primary?.replica ? `${replica}, the primary of database ${this.database},` : replica;
    return {
      code: '57P03',
      message: `${who} answers nothing over the network from here`,
      hint: 'hale ps shows how others see it; connections are led there again as soon as it answers',
    };
  }

  /** Takes back a try. */
  private recall(passage: Passage): void {
    this.trying.delete(passage);
    if (passage.guide !== undefined) this.count(nodeKey(passage.guide.node), -1);
    passage.giveUp();
  }

  private forget(passage: Passage): void {
    const isWith = this.led.delete(passage) || this.trying.delete(passage);
    this.waiting.delete(passage);
    if (isWith && passage.guide !== undefined) this.count(nodeKey(passage.guide.node), -1);
  }

  private count(key: string, by: 1 | -1): void {
    const load = (this.loads.get(key) ?? 0) + by;
    if (load > 0) this.loads.set(key, load);
    else this.loads.delete(key);
  }
}
