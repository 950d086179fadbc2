// The sheet of paper that commands write on: lines for people on stdout, errors on stderr, JSON for machines.
// It decides once whether there is colour and whether a picture may be redrawn in place, and survives a reader that
// went away (`hale ps | head`).
import { createPaint, type Paint } from './paint.ts';

export interface Terminal {
  readonly paint: Paint;
  /** True when stdout is a terminal whose picture may be redrawn. */
  readonly live: boolean;
  /** Columns and rows now; undefined columns: not a terminal, do not cut. */
  size(): { readonly columns: number | undefined; readonly rows: number };
  line(text?: string): void;
  /** Bytes as they are, without a newline. */
  raw(text: string): void;
  complaint(text: string): void;
  json(value: unknown): void;
  onResize(fn: () => void): () => void;
  /** Calls `fn` when nobody reads stdout any more (`hale logs -f | head`). */
  onReaderGone(fn: () => void): () => void;
}

/** What of the process a terminal needs; a test hands in its own. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream | NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createTerminal(streams: Streams): Terminal {
  const { stdout, stderr, env } = streams;
  const screen = 'isTTY' in stdout && stdout.isTTY ? (stdout as NodeJS.WriteStream) : undefined;
  const live = screen !== undefined && env['TERM'] !== 'dumb';
  const noColour = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  let readerGone = false;
  const mourners = new Set<() => void>();
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // EIO is what a terminal says that was closed.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    readerGone = true;
    for (const fn of mourners) fn();
  });
  stderr.on('error', () => {
    // Nobody is left to be told.
  });
  const raw = (text: string) => {
    if (!readerGone) stdout.write(text);
  };
  return {
    paint: createPaint(live && !noColour),
    live,
    size: () => ({ columns: screen?.columns, rows: screen?.rows ?? 24 }),
    line: (text = '') => raw(`${text}\n`),
    raw,
    complaint: (text) => stderr.write(`${text}\n`),
    json: (value) => raw(`${JSON.stringify(value)}\n`),
    onResize(fn) {
      screen?.on('resize', fn);
      return () => screen?.off('resize', fn);
    },
    onReaderGone(fn) {
      mourners.add(fn);
      return () => void mourners.delete(fn);
    },
  };
}
