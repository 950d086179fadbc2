// Listens to the pulse that the preload writes (decision 0002): a small file, rewritten four times a second by a thread of the watched
// process. A pulse that was there and stops is 'silent'; silence is counted in this reader's own ticks, so that a machine that
// slept adds one tick and not an hour.
import type { Heartbeat } from '@hale/model';
import { openProcFile } from './proc-file.ts';

export interface HeartbeatReader {
  /** Looks once; `nowMs` is Clock.mono(). */
  look(nowMs: number): void;
  /** The start is over: pauses that ended before count no more (a program may compile for seconds before it listens). */
  started(nowMs: number): void;
  readonly heartbeat: Heartbeat;
  /** At this look it had just beaten, and the main loop turned. */
  readonly isWell: boolean;
  /** The blocked stack, or why there is none; only while stalled. */
  readonly stack: string | undefined;
  close(): void;
}

interface Pulse {
  readonly v: 1;
  readonly seq: number;
  readonly stalledMs: number;
  readonly lateMs: number;
  readonly longestPauseMs: number;
  /** How long before this pulse it ended. */
  readonly pauseAgoMs: number;
  readonly loopLagMs: number;
  readonly inspected: boolean;
  readonly stack: string | null;
}

const silentAfterMs = 1000;
const tickMsMax = 500;
/** A pulse is read up to a quarter second after it was written; the last pause of the start must not slip through. */
const settleMs = 500;

export function createHeartbeatReader(path: string): HeartbeatReader {
  let file = openProcFile(path);
  let pulse: Pulse | undefined;
  let silentMs = 0;
  let lookedAt: number | undefined;
  let startedAt: number | undefined;
  let longestPauseMs = 0;

  return {
    look(nowMs) {
      const tickMs = lookedAt === undefined ? 0 : Math.min(nowMs - lookedAt, tickMsMax);
      lookedAt = nowMs;
      if (pulse === undefined) {
        file.close();
        file = openProcFile(path);
      }
      const next = parsePulse(file.read());
      if (next === undefined || next.seq === pulse?.seq) {
        silentMs += tickMs;
        return;
      }
      pulse = next;
      silentMs = 0;
      const isOfStart = startedAt === undefined || nowMs - next.pauseAgoMs < startedAt + settleMs;
      longestPauseMs = isOfStart ? 0 : next.longestPauseMs;
    },
    started(nowMs) {
      startedAt ??= nowMs;
    },
    get heartbeat(): Heartbeat {
      if (pulse === undefined) return { kind: 'none' };
      if (silentMs > silentAfterMs) return { kind: 'silent', silentMs };
      const { stalledMs, lateMs, loopLagMs, inspected } = pulse;
      return { kind: 'beating', stalledMs, lateMs, longestPauseMs, loopLagMs, inspected };
    },
    get isWell() {
      return pulse !== undefined && silentMs === 0 && pulse.stalledMs === 0;
    },
    get stack() {
      return pulse !== undefined && pulse.stalledMs > 0 ? (pulse.stack ?? undefined) : undefined;
    },
    close: () => file.close(),
  };
}

/** A block that is read while it is written is no JSON: the last good one stays. */
function parsePulse(text: string | undefined): Pulse | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const value = JSON.parse(text) as Pulse;
    return value.v === 1 ? value : undefined;
  } catch {
    return undefined;
  }
}
