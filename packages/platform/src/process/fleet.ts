// The crew list: everyone who runs or has just ended, found by incarnation. It watches, adopts and forgets; starting and stopping
// is start-replica.ts and stop-replica.ts.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Rng } from '@hale/base';
import { type Incarnation, type ReplicaId, type ReplicaObservation, splitReplicaId } from '@hale/model';
import type { ExitEvent } from '../keeper/protocol.ts';
import { createDegradedNotices } from './degraded-notices.ts';
import { createEndWaiters } from './end-waiters.ts';
import type { Launch } from './launcher.ts';
import { createMember, type Member } from './member.ts';
import { createRecordBook, type RecordBook, type ReplicaRecord } from './records.ts';
import type { Releases } from './releases.ts';
import { killStrays } from './strays.ts';
import { createTrafficReader } from './traffic.ts';

export interface Fleet {
  readonly records: RecordBook;
  get(incarnation: Incarnation): Member | undefined;
  /** Watches a process that was just started or found. */
  watch(options: { record: ReplicaRecord; launch: Launch; pid: number }): Member;
  /** What the keeper says: this one has ended. */
  ended(exit: Pick<ExitEvent, 'key' | 'code' | 'signal'>): void;
  look(): void;
  observeAll(): readonly ReplicaObservation[];
  /** Ends what ran away from it, of this system only. */
  endStrays(incarnation: Incarnation): void;
  /** Resolves when it has ended, or after `ms`. True when it has. */
  untilEnded(incarnation: Incarnation, ms: number): Promise<boolean>;
  close(): void;
}

export interface FleetOptions {
  readonly root: string;
  readonly runtimeDir: string;
  readonly systemId: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly releases: Releases;
  readonly onChange: () => void;
  /** An end is told before anybody who waits for it goes on. */
  readonly onEnd: () => void;
  readonly onForget: (key: string) => void;
}

/** An ended one is still told of for this long, and never more than so many. */
const endedKeptMs = 60_000;
const endedMax = 200;

export function keyOf(replica: ReplicaId, incarnation: Incarnation): string {
  return `${replica}:${incarnation}`;
}

export function logOf(root: string, replica: ReplicaId): string {
  const { unit, ordinal } = splitReplicaId(replica);
  return join(root, '.hale', 'logs', `${unit}-${ordinal}.log`);
}

export function heartbeatOf(runtimeDir: string, incarnation: Incarnation): string {
  return join(runtimeDir, 'hb', `${incarnation}.json`);
}

export function createFleet(options: FleetOptions): Fleet {
  const { root, runtimeDir, clock, releases } = options;
  const members = new Map<Incarnation, Member>();
  const waiters = createEndWaiters(clock);
  const records = createRecordBook(runtimeDir);
  const traffic = createTrafficReader(runtimeDir);
  const notices = createDegradedNotices(runtimeDir);

  const forget = (member: Member) => {
    const { replica, incarnation } = member.record;
    member.close();
    members.delete(incarnation);
    records.remove(incarnation);
    rmSync(heartbeatOf(runtimeDir, incarnation), { force: true });
    notices.remove(incarnation);
    options.onForget(keyOf(replica, incarnation));
  };
  const forgetOld = (nowMs: number) => {
    const gone = [...members.values()].filter((member) => member.endedAt !== undefined);
    for (const [place, member] of gone.entries())
      if (place < gone.length - endedMax || nowMs - (member.endedAt ?? nowMs) > endedKeptMs) forget(member);
  };
  return {
    records,
    get: (incarnation) => members.get(incarnation),
    watch({ record, launch, pid }) {
      const member = createMember({
        record,
        launch,
        pid,
        unit: releases.unitOrBare(record.release, splitReplicaId(record.replica).unit),
        heartbeatPath: heartbeatOf(runtimeDir, record.incarnation),
        log: logOf(root, record.replica),
        clock,
        rng: options.rng,
        onChange: options.onChange,
      });
      members.set(record.incarnation, member);
      member.look(clock.mono());
      options.onChange();
      return member;
    },
    ended({ key, code, signal }) {
      const member = members.get(key.slice(key.lastIndexOf(':') + 1) as Incarnation);
      if (member === undefined || member.endedAt !== undefined) return;
      member.end({ code: code ?? undefined, signal: signal ?? undefined });
      killStrays(member.record.incarnation, options.systemId);
      options.onEnd();
      waiters.wake(member.record.incarnation);
    },
    look() {
      const nowMs = clock.mono();
      traffic.look(nowMs);
      notices.look();
      for (const member of members.values()) member.look(nowMs);
      forgetOld(nowMs);
    },
    observeAll: () =>
      [...members.values()].map((member) => {
        const { incarnation } = member.record;
        const seen = member.observe(traffic.of(incarnation));
        const degraded = member.endedAt === undefined ? notices.of(incarnation) : undefined;
        return degraded === undefined ? seen : { ...seen, degraded };
      }),
    endStrays: (incarnation) => void killStrays(incarnation, options.systemId),
    untilEnded(incarnation, ms) {
      const member = members.get(incarnation);
      if (member === undefined || member.endedAt !== undefined) return Promise.resolve(true);
      return waiters.wait(incarnation, ms);
    },
    close() {
      for (const member of members.values()) member.close();
      members.clear();
    },
  };
}
