// A noticeboard read from across the street: a small JSON file that somebody else replaces. Looks when the folder says that
// something changed and, because such hints get lost, every 250 ms anyway. Keeps the last good reading; a broken file changes nothing.
import { type BigIntStats, type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '@hale/base';

export interface WatchedFile {
  /** Looks now. */
  look(): void;
  close(): void;
}

export interface WatchedFileOptions<T> {
  readonly file: string;
  readonly clock: Clock;
  /** Undefined when the text is not what is expected. */
  readonly parse: (value: unknown) => T | undefined;
  readonly onValue: (value: T) => void;
  /** Told once per broken version: what is kept is the last good one. */
  readonly onBroken: (file: string, reason: string) => void;
}

const pollMs = 250;
const bytesMax = 16 * 1024 * 1024;

/** Reads `file` at once when it exists, and again whenever it is replaced. */
export function watchFile<T>(options: WatchedFileOptions<T>): WatchedFile {
  const { file, clock } = options;
  let seen = '';
  const look = () => {
    const stat = statOf(file);
    if (stat === undefined) return;
    const mark = `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
    if (mark === seen) return;
    seen = mark;
    const read = readValue(file, stat.size, options.parse);
    if ('reason' in read) options.onBroken(file, read.reason);
    else options.onValue(read.value);
  };
  const timer = clock.every(pollMs, look);
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(file), { persistent: false }, (_kind, name) => {
      if (name === null || name === basename(file)) look();
    });
    // Out of inotify watches, or the folder is gone: polling goes on.
    watcher.on('error', () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  look();
  return {
    look,
    close() {
      timer.cancel();
      watcher?.close();
    },
  };
}

/** Undefined when there is none to be seen, for whatever reason: the last good reading stays. */
function statOf(file: string): BigIntStats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false, bigint: true });
  } catch {
    return undefined;
  }
}

function readValue<T>(
  file: string,
  size: bigint,
  parse: (value: unknown) => T | undefined,
): { value: T } | { reason: string } {
  if (size > BigInt(bytesMax)) return { reason: `larger than ${bytesMax} bytes` };
  try {
    const value = parse(JSON.parse(readFileSync(file, 'utf8')));
    return value === undefined ? { reason: 'not the expected shape' } : { value };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
