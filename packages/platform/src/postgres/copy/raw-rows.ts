// The parcel lift: fetches bytes as bytes. Hexadecimal text would double every page on its way, and pg 8.23 cannot help: it
// decodes what it asks for with `binary: true` as UTF-8, which spoils it silently. COPY ... TO STDOUT (FORMAT binary) is a
// documented way (PostgreSQL manual, "COPY", Binary Format), and pg hands its messages over untouched.
import pg from 'pg';

/** One row; undefined stands for NULL. */
export type RawRow = readonly (Buffer | undefined)[];

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

class CopyOut extends pg.Query {
  readonly chunks: Buffer[] = [];

  /** Called by pg for each message. Copied: pg reuses its buffer for the next one. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.chunks.push(Buffer.from(chunk));
  }
}

/** The rows of a `select` without parameters. */
export function rawRows(client: pg.Client, select: string, timeoutMs: number): Promise<readonly RawRow[]> {
  return new Promise((resolve, reject) => {
    const config = { text: `copy (${select}) to stdout (format binary)`, query_timeout: timeoutMs };
    const query = new CopyOut(config, (error: Error | undefined) => {
      if (error) return reject(error);
      try {
        resolve(parseRows(Buffer.concat(query.chunks)));
      } catch (cause) {
        reject(cause as Error);
      }
    });
    // pg looks for the bound on the object that it is given.
    client.query(Object.assign(query, { query_timeout: timeoutMs }));
  });
}

/** Throws when the stream is not whole. */
export function parseRows(bytes: Buffer): readonly RawRow[] {
  if (!bytes.subarray(0, signature.length).equals(signature)) throw new Error('this is no COPY in binary format');
  let at = signature.length + 4;
  at += 4 + bytes.readInt32BE(at);
  const rows: RawRow[] = [];
  for (;;) {
    const fields = bytes.readInt16BE(at);
    at += 2;
    if (fields === -1) break;
    const row: (Buffer | undefined)[] = [];
    for (let i = 0; i < fields; i++) {
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length >= 0 && at + length > bytes.length) throw new Error('a COPY stream was cut short');
      row.push(length < 0 ? undefined : bytes.subarray(at, at + length));
      at += Math.max(0, length);
    }
    rows.push(row);
  }
  if (at !== bytes.length) throw new Error('something follows the end of a COPY stream');
  return rows;
}
