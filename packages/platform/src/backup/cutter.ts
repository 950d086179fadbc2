// The saw: cuts a stream of files into boxes (chunks) of at most four megabytes. A large file is cut at fixed places counted from
// its own start, because PostgreSQL changes pages where they lie: what did not change falls into the same boxes next time, and
// is not stored again. Small files share a box, in the order in which they come.
import type { Slice } from './manifest.ts';

export const chunkBytesMax = 4 * 1024 * 1024;
/** A file from this size on has boxes of its own. */
export const ownBoxFromBytes = 1024 * 1024;

export interface Cutter {
  begin(size: number): void;
  data(bytes: Buffer): Promise<void>;
  /** The pieces of the file that is now whole. */
  end(): Promise<readonly Slice[]>;
  /** Gives out the last, half-full box. */
  finish(): Promise<void>;
}

/** `give` gets each full box with its index, which counts from 0; the cutter waits until it resolves. */
export function createCutter(give: (index: number, content: Buffer) => Promise<void>): Cutter {
  let boxes = 0;
  const openBox = () => ({ index: boxes++, parts: [] as Buffer[], size: 0 });
  type Box = ReturnType<typeof openBox>;
  let shared: Box | undefined;
  let own: Box | undefined;
  let isLarge = false;
  let slices: Slice[] = [];

  const close = async (box: Box | undefined) => {
    if (box !== undefined && box.size > 0) await give(box.index, Buffer.concat(box.parts, box.size));
  };
  const put = (box: Box, bytes: Buffer): number => {
    const taken = bytes.subarray(0, chunkBytesMax - box.size);
    if (taken.length === 0) return 0;
    const last = slices.at(-1);
    if (last !== undefined && last[0] === box.index)
      slices[slices.length - 1] = [last[0], last[1], last[2] + taken.length];
    else slices.push([box.index, box.size, taken.length]);
    box.parts.push(taken);
    box.size += taken.length;
    return taken.length;
  };

  return {
    begin(size) {
      isLarge = size >= ownBoxFromBytes;
      slices = [];
    },
    async data(bytes) {
      for (let rest = bytes; rest.length > 0; ) {
        if (isLarge) {
          own ??= openBox();
          rest = rest.subarray(put(own, rest));
          if (own.size === chunkBytesMax) {
            await close(own);
            own = undefined;
          }
        } else {
          shared ??= openBox();
          rest = rest.subarray(put(shared, rest));
          if (shared.size === chunkBytesMax) {
            await close(shared);
            shared = undefined;
          }
        }
      }
    },
    async end() {
      if (isLarge) {
        await close(own);
        own = undefined;
      }
      return slices;
    },
    async finish() {
      await close(shared);
      shared = undefined;
    },
  };
}
