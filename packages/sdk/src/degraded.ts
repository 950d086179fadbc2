// The notice on the shop's door: "open, but no fresh bread since eight, the baker is ill". A service that answers by fallback is
// neither well nor down; each thing missing stands here with its cause and since when, until it is back. What a fallback
// hung up comes off by itself when nobody has needed the fallback for half a minute.
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
  /** Something is missing, until `remove`; `since` stays that of the first time, the cause is the latest. */
  add(name: string, cause: string): void;
  /** A fallback answered for `name`: the same, but it also ends when no fallback answered for half a minute. */
  answeredFor(name: string, cause: string): void;
  /** It is back. */
  remove(name: string): void;
  /** Takes the notice down: the process leaves. */
  close(): void;
}

/** Where the notice hangs for others. */
export interface DegradedFile {
  write(list: readonly Degraded[]): void;
}

interface Entry extends Degraded {
  /** Mono ms; Infinity: until it is taken off. */
  untilMs: number;
}

const degradedMax = 64;
const textLengthMax = 200;
const holdMs = 30_000;
/** How often the file is written at most, and how long after its time an entry may hang on. */
const writeEveryMs = 250;
const lookEveryMs = 5_000;

/** `file` undefined: the notice hangs nowhere but on /healthz. */
export function createDegradedList(clock: Clock, file: DegradedFile | undefined): DegradedList {
  const entries = new Map<string, Entry>();
  let written = '[]';
  let pending: Timer | undefined;
  let looking: Timer | undefined;
  const publish = () => [...entries.values()].map(({ name, cause, since }) => ({ name, cause, since }));
  const write = () => {
    pending = undefined;
    const list = publish();
    const text = JSON.stringify(list);
    if (file === undefined || text === written) return;
    written = text;
    file.write(list);
  };
  const changed = () => {
    if (file !== undefined) pending ??= clock.after(written === '[]' ? 0 : writeEveryMs, write, true);
  };
  const look = () => {
    looking = undefined;
    const nowMs = clock.mono();
    for (const [name, entry] of entries) if (entry.untilMs <= nowMs && entries.delete(name)) changed();
    if (entries.size > 0) looking = clock.after(lookEveryMs, look, true);
  };
  const put = (named: string, because: string, untilMs: number) => {
    const name = named.slice(0, textLengthMax);
    const cause = because.slice(0, textLengthMax);
    const known = entries.get(name);
    if (known === undefined && entries.size >= degradedMax) return;
    if (known !== undefined) known.untilMs = Math.max(known.untilMs, untilMs);
    if (known?.cause === cause) return;
    entries.set(name, { name, cause, since: known?.since ?? clock.wall(), untilMs: known?.untilMs ?? untilMs });
    looking ??= clock.after(lookEveryMs, look, true);
    changed();
  };
  return {
    get list() {
      return publish();
    },
    add: (name, cause) => put(name, cause, Number.POSITIVE_INFINITY),
    answeredFor: (name, cause) => put(name, cause, clock.mono() + holdMs),
    remove(name) {
      if (entries.size > 0 && entries.delete(name)) changed();
    },
    close() {
      pending?.cancel();
      looking?.cancel();
      entries.clear();
      write();
    },
  };
}

/**
 * `<runtimeDir>/degraded/<incarnation>.json`: `{"v":1,"replica":"orders/1","degraded":[{"name","cause","since"}]}`, `since` in Unix ms.
 * A disk that refuses is no reason to fail a request: /healthz still says it.
 */
export function degradedFile(at: { runtimeDir: string; incarnation: string; replica: string }): DegradedFile {
  const path = join(at.runtimeDir, 'degraded', `${at.incarnation}.json`);
  return {
    write(list) {
      try {
        if (list.length === 0) {
          rmSync(path, { force: true });
          return;
        }
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(`${path}.new`, `${JSON.stringify({ v: 1, replica: at.replica, degraded: list })}\n`);
        renameSync(`${path}.new`, path);
      } catch {
        // Said in the docstring.
      }
    },
  };
}
