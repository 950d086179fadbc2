// The unpacker at the door: reads a tar stream as PostgreSQL sends it, and hands over each thing with its bytes as they come, so
// that no file is ever held whole. It knows what PostgreSQL writes (ustar: files, folders, links) and refuses the rest.

const blockBytes = 512;

export type TarEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly size: number }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly to: string };

export interface TarSink {
  /** A new thing begins. */
  entry(entry: TarEntry): void | Promise<void>;
  /** The next bytes of the file that was begun last. */
  data(bytes: Buffer): void | Promise<void>;
  /** The file that was begun last is whole. */
  end(): void | Promise<void>;
}

export interface TarReader {
  write(bytes: Buffer): Promise<void>;
  /** Throws TypeError when the stream stopped in the middle of something. */
  finish(): void;
}

/** Throws TypeError on what is no tar of PostgreSQL's. */
export function createTarReader(sink: TarSink): TarReader {
  let header = Buffer.alloc(0);
  /** Bytes of the current file that are still to come, and of the padding behind it. */
  let left = 0;
  let padding = 0;
  let inFile = false;
  let ended = false;

  const begin = async (block: Buffer): Promise<void> => {
    if (block.every((byte) => byte === 0)) {
      ended = true;
      return;
    }
    const entry = readHeader(block);
    await sink.entry(entry);
    if (entry.kind !== 'file') return;
    left = entry.size;
    padding = (blockBytes - (entry.size % blockBytes)) % blockBytes;
    inFile = true;
    if (left === 0) await close();
  };
  const close = async (): Promise<void> => {
    inFile = false;
    await sink.end();
  };

  return {
    async write(bytes) {
      let at = 0;
      while (at < bytes.length && !ended) {
        if (inFile) {
          const piece = bytes.subarray(at, at + left);
          at += piece.length;
          left -= piece.length;
          await sink.data(piece);
          if (left === 0) await close();
        } else if (padding > 0) {
          const skipped = Math.min(padding, bytes.length - at);
          padding -= skipped;
          at += skipped;
        } else {
          const piece = bytes.subarray(at, at + blockBytes - header.length);
          at += piece.length;
          header = Buffer.concat([header, piece]);
          if (header.length < blockBytes) return;
          const block = header;
          header = Buffer.alloc(0);
          await begin(block);
        }
      }
    },
    finish() {
      if (inFile || header.length > 0) throw new TypeError('the stream of files stopped in the middle of one');
    },
  };
}

function readHeader(block: Buffer): TarEntry {
  const sum = readNumber(block, 148, 8);
  const found = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== found) throw new TypeError('a header of the stream of files is damaged');
  const prefix = readText(block, 345, 155);
  const name = readText(block, 0, 100);
  const path = (prefix === '' ? name : `${prefix}/${name}`).replace(/^\.\//, '').replace(/\/$/, '');
  const mode = readNumber(block, 100, 8);
  const kind = String.fromCharCode(block[156] ?? 0);
  if (kind === '5') return { kind: 'folder', path, mode };
  if (kind === '2') return { kind: 'link', path, to: readText(block, 157, 100) };
  if (kind === '0' || kind === '\0') return { kind: 'file', path, mode, size: readNumber(block, 124, 12) };
  throw new TypeError(`the stream of files holds something unknown ('${kind}') at ${path}`);
}

function readText(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString('utf8', at, end >= 0 && end < at + length ? end : at + length);
}

/** Octal text, or (for what is too large for it) the big-endian number that GNU tar writes, marked by the highest bit. */
function readNumber(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    let value = (block[at] ?? 0) & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + (block[at + i] ?? 0);
    return value;
  }
  const text = readText(block, at, length).trim();
  return text === '' ? 0 : Number.parseInt(text, 8);
}
