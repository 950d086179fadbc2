// The paper on which processes write: append-only files that outlive their readers, cut back before they fill the room.
// Over 8 MiB the newest 4 MiB are copied to `.1` and the file is emptied; a line may be cut in two there, and what is
// printed while the copy is made is lost. Nothing is ever read from a pipe.
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export const logBytesMax = 8 * 1024 * 1024;
export const logBytesKept = 4 * 1024 * 1024;

/** Opens `path` so that every writer appends, which is what makes emptying it safe. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, 'a', 0o600);
}

/** Cuts `path` back when it has grown over its bound; true when it had. A file that is gone is left alone. */
export function boundLog(path: string): boolean {
  // One question a file, four times a second: nearly always the answer is no.
  if (sizeOf(path) <= logBytesMax) return false;
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch {
    return false;
  }
  try {
    const size = fstatSync(fd).size;
    if (size <= logBytesMax) return false;
    copyTail(fd, size, `${path}.1`);
    ftruncateSync(fd, 0);
    return true;
  } catch (error) {
    // A full disk must not stop the cut: emptying the file is what gives room.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    ftruncateSync(fd, 0);
    return true;
  } finally {
    closeSync(fd);
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}

function copyTail(fd: number, size: number, to: string): void {
  const out = openSync(to, 'w', 0o600);
  const chunk = Buffer.allocUnsafe(256 * 1024);
  try {
    let at = size - logBytesKept;
    for (let copied = 0; copied < logBytesKept; ) {
      const read = readSync(fd, chunk, 0, chunk.length, at);
      if (read === 0) return;
      writeSync(out, chunk, 0, read);
      at += read;
      copied += read;
    }
  } finally {
    closeSync(out);
  }
}
