// The last line of a drill of the way back (DESIGN section 7): the words of every other drill where they mean something here, and what
// only a restore can measure. A verdict is 'healed' only when all of it came back and was looked at.
import type { DrillLine } from '@hale/drill';

export interface DatabaseBack {
  readonly database: string;
  readonly backup: string | undefined;
  readonly ok: boolean;
  readonly rtoMs: number;
  readonly rpoMs: number | undefined;
  readonly tables: number;
  readonly rows: number;
  readonly problems: readonly string[];
}

export interface TimedStep {
  readonly step: string;
  readonly ms: number;
}

type Common = Pick<DrillLine, 'drill' | 'seed' | 'platform' | 'n' | 'verdict' | 'recoveredMs' | 'complaints'>;

export interface RecoveryLine extends Common {
  /** From the order to a system (or to all databases) that answers. */
  readonly rtoMs: number | undefined;
  /** Of the database that lost the most. */
  readonly rpoMs: number | undefined;
  readonly databases: readonly DatabaseBack[];
  /** Of a bare drill, in order; what had to be installed from a registry stands apart. */
  readonly steps?: readonly TimedStep[];
  readonly requests?: { readonly total: number; readonly failed: number };
}

export function recoveryLine(
  drill: string,
  found: Pick<RecoveryLine, 'databases' | 'steps' | 'requests' | 'rtoMs' | 'complaints'>,
): RecoveryLine {
  const complaints = [...found.complaints, ...found.databases.flatMap(({ problems }) => problems)];
  const losses = found.databases.map(({ rpoMs }) => rpoMs).filter((ms) => ms !== undefined);
  const ok = complaints.length === 0 && found.databases.every((one) => one.ok);
  return {
    ...{ drill, seed: 0, platform: 'process', n: 1, verdict: ok ? 'healed' : 'failed', recoveredMs: found.rtoMs },
    ...{ ...found, complaints, rpoMs: losses.length === 0 ? undefined : Math.max(...losses) },
  };
}
