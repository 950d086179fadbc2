// How much room is left where a system keeps its state, and how much it wants at least: journal, logs and sockets cannot
// be made on a disk with nothing left.
import { statfsSync } from 'node:fs';

export const diskBytesMin = 8 * 1024 * 1024;

/** Bytes that may still be written on the disk of `folder`. */
export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
