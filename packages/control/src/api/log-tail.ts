// The last lines of a replica's log. Reads at most 1 MB from the end of the file, whatever is asked; a name that is not one of
// a replica (or of Hale's own two logs) never becomes a path.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

const bytesMax = 1_000_000;
const own = new Set(['keeper', 'control']);

/** Lines, oldest first; undefined when there is no such log. `name`: 'orders/0', 'keeper' or 'control'. */
export function readLogTail(folder: string, name: string, lines: number): readonly string[] | undefined {
  const file = fileNameOf(name);
  if (file === undefined) return undefined;
  let fd: number;
  try {
    fd = openSync(join(folder, file), 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, bytesMax));
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    const all = buffer.toString('utf8', 0, read).split('\n');
    if (all.at(-1) === '') all.pop();
    if (buffer.length < size) all.shift();
    return all.slice(-lines);
  } finally {
    closeSync(fd);
  }
}

function fileNameOf(name: string): string | undefined {
  if (own.has(name)) return `${name}.log`;
  const match = /^([a-z][a-z0-9-]{0,39})\/(\d{1,4})$/.exec(name);
  return match === null ? undefined : `${match[1]}-${match[2]}.log`;
}
