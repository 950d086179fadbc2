// A bucket with a mark: whatever form a body comes in, it is gathered up to the mark and one byte more, so that "too much" can be told
// from "full" without ever holding it all.

/** Text, bytes, a stream of either (node's or the web's), or nothing. */
export async function boundedBytes(source: unknown, bytesMax: number): Promise<Uint8Array> {
  if (source === undefined || source === null) return new Uint8Array();
  if (typeof source === 'string') return Buffer.from(source);
  if (source instanceof Uint8Array) return source;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of source as AsyncIterable<Uint8Array | string>) {
    const data = Buffer.from(piece as Uint8Array);
    pieces.push(data.subarray(0, bytesMax + 1 - bytes));
    bytes += pieces.at(-1)!.byteLength;
    if (bytes > bytesMax) break;
  }
  return Buffer.concat(pieces);
}
