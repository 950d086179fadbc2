// A window onto one file of /proc that is opened once and looked through many times: half the cost of opening it each time, and it
// stays with its process, so a pid that was given to somebody else shows nothing instead of a stranger.
import { closeSync, openSync, readSync } from 'node:fs';

export interface ProcFile {
  /** The text now; undefined when the process is gone. */
  read(): string | undefined;
  close(): void;
}

const buffer = Buffer.allocUnsafe(8192);

export function openProcFile(path: string): ProcFile {
  let fd = tryOpen(path);
  return {
    read() {
      if (fd === undefined) return undefined;
      try {
        return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0));
      } catch {
        return undefined;
      }
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
