// The notice on the shop's door: "open, but no fresh bread since eight, the baker is ill". A service that answers by fallback is
// neither well nor down; each thing missing stands here with its cause and since when, until it is back.
// Under Hale the notice is also a file, degraded/<incarnation>.json in the runtime folder, written beside and renamed, only when
// something changed, and removed when nothing is missing. Whoever reads it must know that the process lives: a killed one
// leaves its notice hanging.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock, Timer } from '@hale/base';

export interface Degraded {
  readonly name: string;
  /** Why, in a sentence. */
  readonly cause: string;
  /** Unix milliseconds. */
  readonly since: number;
}

export interface DegradedList {
  readonly list: readonly Degraded[];
  /** Something is missing; `since` stays that of the first time, the cause is the latest. */
  add(name: string, cause: string): void;
  /** It is back. */
  remove(name: string): void;
  /** Takes the notice down: the process leaves. */
  close(): void;
}

const degradedMax = 64;
const textLengthMax = 200;
/** A fallback that comes and goes writes at most four times a second. */
const writeEveryMs = 250;

/** `file`: where the notice is kept for others; undefined for nowhere. */
export function createDegradedList(clock: Clock, file: DegradedFile | undefined): DegradedList {
  const entries = new Map<string, Degraded>();
  let written = '[]';
  let pending: Timer | undefined;
  const write = () => {
    pending = undefined;
    const text = JSON.stringify([...entries.values()]);
    if (file === undefined || text === written) return;
    written = text;
    file.write([...entries.values()]);
  };
  const changed = () => {
    if (file !== undefined) pending ??= clock.after(written === '[]' ? 0 : writeEveryMs, write, true);
  };
  return {
    get list() {
      return [...entries.values()];
    },
    add(name, cause) {
      const known = entries.get(name);
      const text = cause.slice(0, textLengthMax);
      if (known?.cause === text || (known === undefined && entries.size >= degradedMax)) return;
      entries.set(name, { name: name.slice(0, textLengthMax), cause: text, since: known?.since ?? clock.wall() });
      changed();
    },
    remove(name) {
      if (entries.delete(name)) changed();
    },
    close() {
      pending?.cancel();
      entries.clear();
      write();
    },
  };
}

export interface DegradedFile {
  write(list: readonly Degraded[]): void;
}

/**
 * `<runtimeDir>/degraded/<incarnation>.json`: `{"v":1,"replica":"orders/1","degraded":[{"name","cause","since"}]}`. A disk that
 * refuses is no reason to fail a request: the notice on /healthz still says it.
 */
export function degradedFile(at: { runtimeDir: string; incarnation: string; replica: string }): DegradedFile {
  const path = join(at.runtimeDir, 'degraded', `${at.incarnation}.json`);
  return {
    write(list) {
      try {
        if (list.length === 0) return rmSync(path, { force: true });
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(`${path}.new`, `${JSON.stringify({ v: 1, replica: at.replica, degraded: list })}\n`);
        renameSync(`${path}.new`, path);
      } catch {
        // Said in the docstring.
      }
    },
  };
}
