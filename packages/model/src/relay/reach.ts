// Whether the wire to a node still carries, judged by what came back over it. Packets that vanish tell nobody: a connection in the middle of a
// question waits a quarter of an hour for its kernel to give up, and a new one until its own patience ends. So a relay asks where it has heard
// nothing for a while. Pure: no socket, no clock.
//
//   heard --2 s of nothing--> asked, again and again --8 s of nothing, three asks in vain--> silent --any answer--> heard
//
// It says nothing of how PostgreSQL is: a frozen or overloaded server's kernel answers, and whether that one is condemned is not a relay's to say.
// A question that takes minutes is never silence while an ask is answered. (A server that has not taken a newcomer for so long that its kernel's queue
// is full looks cut, where nothing else comes from it either.)

export interface Reach {
  /** When something came from there last, or when we began to listen. */
  readonly heardAt: number;
  /** Asks in a row that nothing came back for. */
  readonly unanswered: number;
  readonly isSilent: boolean;
}

export interface ReachLimits {
  /** Nothing heard for so long, and three asks in vain: it is silent. */
  readonly silentMs: number;
}

/** Eight seconds are longer than it takes to be sure that a primary that nobody can reach is gone (seven): a failover comes first where there is one to come. */
export const reachDefaults: ReachLimits = { silentMs: 8_000 };

/** Who was heard is looked at so often. */
export const lookEveryMs = ({ silentMs }: ReachLimits) => silentMs / 8;

/** Nothing heard for so long: it is asked; and so long an ask takes, in which a lost packet is sent again. */
export const askMs = ({ silentMs }: ReachLimits) => silentMs / 4;

const unansweredMin = 3;

export function heardNow(nowMs: number): Reach {
  return { heardAt: nowMs, unanswered: 0, isSilent: false };
}

export function mustAsk(reach: Reach, nowMs: number, limits: ReachLimits): boolean {
  return reach.isSilent || reach.unanswered > 0 || nowMs - reach.heardAt >= askMs(limits);
}

/** Nothing came back for an ask. */
export function askedInVain(reach: Reach, nowMs: number, { silentMs }: ReachLimits): Reach {
  const unanswered = reach.unanswered + 1;
  const isLong = unanswered >= unansweredMin && nowMs - reach.heardAt >= silentMs;
  return { ...reach, unanswered, isSilent: reach.isSilent || isLong };
}

/** We stood still ourselves (a busy machine, a suspended one): what we did not hear meanwhile was not listened for. */
export function excused(reach: Reach, nowMs: number): Reach {
  return reach.isSilent ? reach : heardNow(nowMs);
}

/** What a relay says of nodes that are silent. */
export function silenceWords(silent: readonly string[]): string {
  return `nothing comes over the network from ${silent.join(', ')}: connections there are cut, new ones refused`;
}
