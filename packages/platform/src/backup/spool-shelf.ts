// What a former life left in the box: reels, and what the release before reels wrote, where a file's size said how much of it counts and
// a segment that was not whole ended in `.partial`. A whole one is read as it is; the other becomes a reel, because it is written on.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beginReel, findReel, type Reel } from './reel.ts';
import type { SpareReel } from './spare-reel.ts';
import { syncFolder } from './spool-folder.ts';
import { formatSegment, parseSegment, type SegmentName } from './wal-name.ts';

/** What lies there, whichever way it came. */
export type Lying = Pick<Reel, 'segment' | 'flushed' | 'size' | 'read' | 'close'> & { readonly path: string };

export function reelPath(folder: string, segment: SegmentName, segmentBytes: number): string {
  return join(folder, `${formatSegment(segment, segmentBytes)}.reel`);
}

export interface Shelf {
  readonly reels: readonly Reel[];
  /** Whole segments of the former release. */
  readonly former: readonly Lying[];
}

/** Reads it all once; files that hold nothing become the spare one, or go. */
export function readShelf(folder: string, segmentBytes: number, spare: SpareReel): Shelf {
  const names = readdirSync(folder).sort();
  const found = (ending: string) =>
    names.flatMap((name) => {
      if (!name.endsWith(ending)) return [];
      const segment = parseSegment(name.slice(0, name.length - ending.length), segmentBytes);
      return segment === undefined ? [] : [{ segment, path: join(folder, name) }];
    });
  const reels = found('.reel').flatMap(({ segment, path }) => {
    const reel = findReel(path, segment);
    if (reel !== undefined) return [reel];
    if (!spare.keep(path)) rmSync(path);
    return [];
  });
  for (const { segment, path } of found('.partial')) {
    const name = formatSegment(segment, segmentBytes);
    const there = reels.findIndex((reel) => formatSegment(reel.segment, segmentBytes) === name);
    const bytes = readFileSync(path);
    if (bytes.length > (reels[there]?.flushed() ?? 0)) {
      if (there >= 0) reels.splice(there, 1)[0]?.close();
      reels.push(rewind(reelPath(folder, segment, segmentBytes), segment, bytes));
      syncFolder(folder);
    }
    rmSync(path);
  }
  return { reels, former: found('').map(({ segment, path }) => readFormer(path, segment)) };
}

/** In one frame: it is all there or not at all. */
function rewind(path: string, segment: SegmentName, bytes: Buffer): Reel {
  const reel = beginReel(path, segment);
  reel.append(bytes);
  reel.flush();
  return reel;
}

function readFormer(path: string, segment: SegmentName): Lying {
  const { size } = statSync(path);
  return {
    ...{ segment, path, flushed: () => size, size: () => size, close() {} },
    async read(from, to) {
      const file = await open(path, 'r');
      try {
        const content = Buffer.alloc(to - from);
        const { bytesRead } = await file.read(content, 0, to - from, from);
        return content.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}
