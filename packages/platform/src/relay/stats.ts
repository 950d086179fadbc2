// The tally sheet of a relay: plain counters since it started, written beside and renamed four times a second, as the gateway does
// (decision 0002).
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplicaId, UnitName } from '@hale/model';
import { silenceWords } from '@hale/model/relay';

/** `relay/<ordinal>.json` in the runtime folder. */
export interface RelayStats {
  readonly v: 1;
  /** Clock.mono() when it was written. */
  readonly at: number;
  readonly ordinal: number;
  readonly incarnation?: string | undefined;
  readonly totals: RelayTotals;
  readonly databases: Readonly<Record<UnitName, DatabaseTraffic>>;
}

export interface RelayTotals {
  /** Connections that were accepted. */
  connections: number;
  /** Of these, not led at once. */
  held: number;
  /** Ended because the node they were with is no longer the right one, or answers nothing any more. */
  cut: number;
  /** Sent away: waited too long, there was no room, or where they would be led answers nothing. */
  refused: number;
  /** Tries to reach a node that failed. */
  failedTries: number;
}

export interface DatabaseTraffic {
  readonly term: number;
  /** Where `db:` leads; undefined while there is no primary. */
  readonly primary: string | undefined;
  readonly writers: number;
  readonly readers: number;
  readonly waiting: number;
  /** Nodes that it leads to and that answer nothing here (model/relay/reach.ts). */
  readonly silent?: readonly ReplicaId[];
}

export function createRelayTotals(): RelayTotals {
  return { connections: 0, held: 0, cut: 0, refused: 0, failedTries: 0 };
}

export function relayStatsFile(runtimeDir: string, ordinal: number): string {
  return join(runtimeDir, 'relay', `${ordinal}.json`);
}

/** For whom nobody is ended: what keeps one life of a relay from its work, in words. Looks into the file once a second at most. */
export function relayTroubleReader(file: string, incarnation: string): () => string | undefined {
  let readMs = 0;
  let told: string | undefined;
  return () => {
    const writtenMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (writtenMs - readMs < readEveryMs) return told;
    readMs = writtenMs;
    try {
      const stats = JSON.parse(readFileSync(file, 'utf8')) as RelayStats;
      if (stats.incarnation === incarnation) told = troubleWords(stats);
    } catch {
      // Of a disk that is full: what it said last stands.
    }
    return told;
  };
}

const readEveryMs = 1_000;

export function troubleWords({ databases }: Pick<RelayStats, 'databases'>): string | undefined {
  const silent = Object.values(databases).flatMap((one) => one.silent ?? []);
  if (silent.length === 0) return undefined;
  return silenceWords(silent);
}
