// The watch that a relay keeps on the nodes that it leads to: once a second it counts who was heard, and says who must be asked (reach.ts). Only
// nodes that somebody is with or waits for are watched, and one that is silent until it answers, or is no way any more. Asking, and what follows
// from silence, is its owner's to do: it sees no socket and no clock.
import type { DatabaseNode } from '../endpoint-table.ts';
import { askedInVain, excused, heardNow, lookEveryMs, mustAsk, type Reach, type ReachLimits } from './reach.ts';
import { nodeKey } from './way.ts';

export interface Watched {
  readonly node: DatabaseNode;
  /** Something came from there since the last look. */
  readonly isHeard: boolean;
}

/** A node that must be asked now: to be given back with the answer. */
export interface Asked {
  readonly node: DatabaseNode;
}

interface Entry extends Asked {
  reach: Reach;
  isAsking: boolean;
}

/** Looks that may be late before it is said that we stood still. */
const missedMax = 2;

/** A class: it has a life. */
export class Watch {
  private readonly limits: ReachLimits;
  private readonly entries = new Map<string, Entry>();
  private lookedAt: number;

  constructor(limits: ReachLimits, nowMs: number) {
    this.limits = limits;
    this.lookedAt = nowMs;
  }

  isSilent(key: string): boolean {
    return this.entries.get(key)?.reach.isSilent === true;
  }

  get silent(): readonly DatabaseNode[] {
    return [...this.entries.values()].filter(({ reach }) => reach.isSilent).map(({ node }) => node);
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  /** Something came from there. */
  heard(key: string, nowMs: number): void {
    const entry = this.entries.get(key);
    if (entry !== undefined) entry.reach = heardNow(nowMs);
  }

  /**
   * One look. `watched`: who is used, each as often as it is; `isWay`: whether somebody may still be led there. Gives whom to ask now; each
   * must come back to `answered`.
   */
  look(watched: Iterable<Watched>, isWay: (key: string) => boolean, nowMs: number): readonly Asked[] {
    if (nowMs - this.lookedAt >= missedMax * lookEveryMs(this.limits))
      for (const entry of this.entries.values()) entry.reach = excused(entry.reach, nowMs);
    this.lookedAt = nowMs;
    const used = new Set<string>();
    for (const { node, isHeard } of watched) {
      const key = nodeKey(node);
      used.add(key);
      if (!this.entries.has(key)) this.entries.set(key, { node, reach: heardNow(nowMs), isAsking: false });
      else if (isHeard) this.heard(key, nowMs);
    }
    const asked: Entry[] = [];
    for (const [key, entry] of this.entries) {
      if (!used.has(key) && !(entry.reach.isSilent && isWay(key))) this.entries.delete(key);
      else if (!entry.isAsking && mustAsk(entry.reach, nowMs, this.limits)) asked.push(entry);
    }
    for (const entry of asked) entry.isAsking = true;
    return asked;
  }

  /** How an ask ended; true when the node has gone silent by it. */
  answered(asked: Asked, isAnswered: boolean, nowMs: number): boolean {
    const entry = this.entries.get(nodeKey(asked.node));
    if (entry === undefined || entry !== asked) return false;
    entry.isAsking = false;
    const wasSilent = entry.reach.isSilent;
    entry.reach = isAnswered ? heardNow(nowMs) : askedInVain(entry.reach, nowMs, this.limits);
    return entry.reach.isSilent && !wasSilent;
  }
}
