// The name tag of each incarnation, on disk in the runtime folder: which unit, release and port it was given. A control that
// comes back reads them and knows whom it meets; without one, a running process could not be probed or routed to.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Incarnation, ReplicaId } from '@hale/model';

export interface ReplicaRecord {
  readonly replica: ReplicaId;
  readonly incarnation: Incarnation;
  readonly release: number;
  readonly zone: string;
  /** What was allocated; the launcher may let it listen elsewhere. */
  readonly port: number;
  /** Length of its log when it was spawned: what comes after are its words. */
  readonly logFrom: number;
  /** Clock.mono() when it was spawned: CLOCK_MONOTONIC, so it holds across processes of one boot. */
  readonly startedAt: number;
}

export interface RecordBook {
  all(): ReplicaRecord[];
  write(record: ReplicaRecord): void;
  remove(incarnation: Incarnation): void;
}

export function createRecordBook(runtimeDir: string): RecordBook {
  const folder = join(runtimeDir, 'replicas');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pathOf = (incarnation: string) => join(folder, `${incarnation}.json`);
  return {
    all: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .flatMap((name) => readRecord(join(folder, name))),
    write(record) {
      const path = pathOf(record.incarnation);
      writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
    remove: (incarnation) => rmSync(pathOf(incarnation), { force: true }),
  };
}

function readRecord(path: string): ReplicaRecord[] {
  try {
    return [JSON.parse(readFileSync(path, 'utf8')) as ReplicaRecord];
  } catch {
    return [];
  }
}
