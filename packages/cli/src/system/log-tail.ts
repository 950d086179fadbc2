// Reads the end of a log, and goes on reading as it grows. The keeper cuts a log that became too long (it copies the
// newest part to `.1` and truncates): a file that is shorter than before is read from its start again. What is held in
// memory is bounded whatever a replica prints.
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

const tailBytesMax = 4 * 1024 * 1024;
const lineCharsMax = 16 * 1024;

/** The last `count` lines of `file`, going back into `file.1` where it is shorter; none when it is not there. */
export function readLastLines(file: string, count: number): string[] {
  const own = lastLinesOfOne(file, count);
  if (own.length >= count || !existsSync(`${file}.1`)) return own;
  return [...lastLinesOfOne(`${file}.1`, count - own.length), ...own];
}

function lastLinesOfOne(file: string, count: number): string[] {
  if (count <= 0 || !existsSync(file)) return [];
  const fd = openSync(file, 'r');
  try {
    const size = fstatSync(fd).size;
    const length = Math.min(size, tailBytesMax);
    const buffer = Buffer.alloc(length);
    const read = readSync(fd, buffer, 0, length, size - length);
    const lines = buffer.toString('utf8', 0, read).split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-count).map(clip);
  } finally {
    closeSync(fd);
  }
}

const clip = (line: string) => (line.length > lineCharsMax ? `${line.slice(0, lineCharsMax)}…` : line);

export interface LogFollower {
  /** Lines that were written since the last look. */
  read(): string[];
}

/** Follows `file` from its present end; one that does not exist yet is read from its start once it does. */
export function followLog(file: string): LogFollower {
  let offset = sizeOf(file);
  let rest = '';
  return {
    read() {
      const size = sizeOf(file);
      if (size < offset) {
        offset = 0;
        rest = '';
      }
      if (size === offset) return [];
      const from = Math.max(offset, size - tailBytesMax);
      const buffer = Buffer.alloc(size - from);
      const fd = openSync(file, 'r');
      const read = readSync(fd, buffer, 0, buffer.length, from);
      closeSync(fd);
      offset = from + read;
      const lines = (rest + buffer.toString('utf8', 0, read)).split('\n');
      rest = (lines.pop() ?? '').slice(-lineCharsMax);
      return lines.map(clip);
    },
  };
}

function sizeOf(file: string): number {
  if (!existsSync(file)) return 0;
  const fd = openSync(file, 'r');
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}
