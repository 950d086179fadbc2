// The next file, made before anybody needs it: full of zeros and flushed, so that the disk has nothing to find room for while a commit
// waits. A segment that the store has leaves its file here. There is one at most, and none is made of the last that a disk has: a
// database that could not write its own log any more would be worse than a slow commit.
import { renameSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { reelHeadBytes } from './reel-format.ts';

const pieceBytes = 256 * 1024;
/** So many of its size must be free on the disk. */
const freeTimes = 8;

export interface SpareReel {
  /** On the disk, the one that is being made included. */
  bytes(): number;
  /** Of one that can be taken. */
  readyBytes(): number;
  /** Makes one where there is none. Never rejects: without one, files grow. */
  prepare(): Promise<void>;
  /** Gives the file that name; false: there is none. */
  take(path: string): boolean;
  /** Takes that file in; false: there is one already, or it is no use. */
  keep(path: string): boolean;
}

/** `isAllowed`: whether so much more may lie in the folder. */
export function openSpare(
  folder: string,
  { segmentBytes, isAllowed }: { readonly segmentBytes: number; readonly isAllowed: (bytes: number) => boolean },
): SpareReel {
  // Frames need a little more than the log that is in them; many small commits need the most.
  const wanted = segmentBytes + segmentBytes / 8 + reelHeadBytes;
  const path = join(folder, 'spare');
  const draft = join(folder, 'spare.new');
  rmSync(draft, { force: true });
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let reserved = 0;

  const make = async () => {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < wanted * freeTimes) return;
    await fill(draft, wanted);
    // One may have come back meanwhile.
    if (size > 0) return;
    await rename(draft, path);
    size = wanted;
  };
  return {
    bytes: () => size + reserved,
    readyBytes: () => size,
    async prepare() {
      if (size > 0 || reserved > 0 || !isAllowed(wanted)) return;
      reserved = wanted;
      try {
        await make();
      } catch {
        // The disk is full or gone: whoever needs it for the log in hand says so.
      }
      await rm(draft, { force: true }).catch(() => {});
      reserved = 0;
    },
    take(name) {
      if (size === 0) return false;
      renameSync(path, name);
      size = 0;
      return true;
    },
    keep(name) {
      const found = statSync(name, { throwIfNoEntry: false })?.size ?? 0;
      if (size > 0 || found < segmentBytes || found > wanted * 2) return false;
      renameSync(name, path);
      size = found;
      return true;
    },
  };
}

/** A piece at a time, each flushed: a commit that wants the disk meanwhile waits for one piece only. */
async function fill(path: string, bytes: number): Promise<void> {
  const zeros = Buffer.alloc(pieceBytes);
  const file = await open(path, 'w', 0o600);
  try {
    for (let at = 0; at < bytes; at += pieceBytes) {
      await file.write(zeros, 0, Math.min(pieceBytes, bytes - at), at);
      await file.datasync();
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
