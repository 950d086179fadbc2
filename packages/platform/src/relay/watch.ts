// The watch that a relay keeps on the nodes that it leads to: once a second it counts who was heard, and asks those who were not (reach.ts). Only
// nodes that somebody is with or waits for are watched, and one that is silent until it answers, or is no way any more. What follows from
// silence is the desks' to do.
import type { Clock } from '@hale/base';
import type { DatabaseNode } from '@hale/model';
import { ask } from './ask.ts';
import { askedInVain, askMs, excused, heardNow, lookEveryMs, mustAsk, type Reach, type ReachLimits } from './reach.ts';
import { nodeKey } from './way.ts';

export interface Watched {
  readonly node: DatabaseNode;
  /** Something came from there since the last look. */
  readonly isHeard: boolean;
}

interface Entry {
  readonly node: DatabaseNode;
  reach: Reach;
  isAsking: boolean;
}

/** Looks that may be late before it is said that we stood still. */
const missedMax = 2;

/** A class: it has a life. */
export class Watch {
  private readonly clock: Clock;
  private readonly limits: ReachLimits;
  private readonly onSilent: (node: DatabaseNode) => void;
  private readonly entries = new Map<string, Entry>();
  private lookedAt: number;

  constructor(clock: Clock, limits: ReachLimits, onSilent: (node: DatabaseNode) => void) {
    this.clock = clock;
    this.limits = limits;
    this.onSilent = onSilent;
    this.lookedAt = clock.mono();
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
  heard(key: string): void {
    const entry = this.entries.get(key);
    if (entry !== undefined) entry.reach = heardNow(this.clock.mono());
  }

  /** One look. `watched`: who is used, each as often as it is; `isWay`: whether somebody may still be led there. */
  look(watched: Iterable<Watched>, isWay: (key: string) => boolean): void {
    const nowMs = this.clock.mono();
    if (nowMs - this.lookedAt >= missedMax * lookEveryMs(this.limits))
      for (const entry of this.entries.values()) entry.reach = excused(entry.reach, nowMs);
    this.lookedAt = nowMs;
    const used = new Set<string>();
    for (const { node, isHeard } of watched) {
      const key = nodeKey(node);
      used.add(key);
      if (!this.entries.has(key)) this.entries.set(key, { node, reach: heardNow(nowMs), isAsking: false });
      else if (isHeard) this.heard(key);
    }
    for (const [key, entry] of this.entries) {
      if (!used.has(key) && !(entry.reach.isSilent && isWay(key))) this.entries.delete(key);
      else if (!entry.isAsking && mustAsk(entry.reach, nowMs, this.limits)) this.ask(key, entry);
    }
  }

  private ask(key: string, entry: Entry): void {
    entry.isAsking = true;
    ask(entry.node, { clock: this.clock, askMs: askMs(this.limits) }, (isAnswered) => {
      entry.isAsking = false;
      if (this.entries.get(key) !== entry) return;
      const wasSilent = entry.reach.isSilent;
      const nowMs = this.clock.mono();
      entry.reach = isAnswered ? heardNow(nowMs) : askedInVain(entry.reach, nowMs, this.limits);
      if (entry.reach.isSilent && !wasSilent) this.onSilent(entry.node);
    });
  }
}
