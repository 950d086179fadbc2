// The register of everybody in the house: who runs, who ended and how. It is rewritten to `processes.json` at each change, so
// that the next keeper knows whom to look after. Exits are kept in a bounded ring.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isAlive } from './proc-identity.ts';
import type { ProcessRecord } from './protocol.ts';

const exitsMax = 1000;

export interface Entry {
  readonly record: ProcessRecord;
  readonly log: string | undefined;
  /** False for one adopted from a former keeper: it is polled, and its exit code stays unknown. */
  readonly ours: boolean;
}

export interface Registry {
  get(key: string): Entry | undefined;
  add(entry: Entry): void;
  /** Marks the end of `key`; false when it was already known. */
  end(key: string, how: { state: 'exited' | 'unknown'; code: number | null; signal: string | null }): boolean;
  forget(key: string): void;
  all(): IterableIterator<Entry>;
}

export function createRegistry(path: string): Registry {
  const entries = new Map<string, Entry>();
  for (const { record, log } of readRecords(path)) entries.set(record.key, { record, log, ours: false });

  const save = () => {
    const text = JSON.stringify([...entries.values()].map(({ record, log }) => ({ record, log })));
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const dropOldExits = () => {
    const ended = [...entries.values()].filter(({ record }) => record.state !== 'running');
    for (const { record } of ended.slice(0, Math.max(0, ended.length - exitsMax))) entries.delete(record.key);
  };
  return {
    get: (key) => entries.get(key),
    add(entry) {
      entries.set(entry.record.key, entry);
      save();
    },
    end(key, how) {
      const entry = entries.get(key);
      if (entry === undefined || entry.record.state !== 'running') return false;
      entries.delete(key);
      entries.set(key, { ...entry, record: { ...entry.record, ...how, exitedAt: Date.now() } });
      dropOldExits();
      save();
      return true;
    },
    forget(key) {
      if (entries.get(key)?.record.state !== 'running' && entries.delete(key)) save();
    },
    all: () => entries.values(),
  };
}

/** Adopted processes that are gone: their exit code is unknown. */
export function findEnded(registry: Registry): string[] {
  const ended: string[] = [];
  for (const { record, ours } of registry.all())
    if (!ours && record.state === 'running' && !isAlive(record.pid, record.startTime)) ended.push(record.key);
  return ended;
}

function readRecords(path: string): { record: ProcessRecord; log: string | undefined }[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { record: ProcessRecord; log: string | undefined }[];
  } catch {
    return [];
  }
}
