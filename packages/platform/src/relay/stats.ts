// The tally sheet of a relay: plain counters since it started, written beside and renamed four times a second, as the gateway does
// (decision 0002).
import { join } from 'node:path';
import type { UnitName } from '@hale/model';

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
  /** Ended because the node they were with is no longer the right one. */
  cut: number;
  /** Sent away: waited too long, or there was no room. */
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
}

export function createRelayTotals(): RelayTotals {
  return { connections: 0, held: 0, cut: 0, refused: 0, failedTries: 0 };
}

export function relayStatsFile(runtimeDir: string, ordinal: number): string {
  return join(runtimeDir, 'relay', `${ordinal}.json`);
}
