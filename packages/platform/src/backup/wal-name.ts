// The numbering of the log: a position (LSN) is a place in one endless tape, a segment is one reel of it, a timeline is which
// tape. PostgreSQL writes them as '0/1A2B3C4' and '0000000100000000000000FE'; here they are a bigint and a record.
// See src/include/access/xlog_internal.h of PostgreSQL for the arithmetic.

export type Lsn = bigint;

export interface SegmentName {
  readonly timeline: number;
  /** Which reel, counted from the beginning of the tape. */
  readonly number: bigint;
}

export const defaultSegmentBytes = 16 * 1024 * 1024;

/** '0/1A2B3C4' -> 27438020n. Throws TypeError. */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (match === null) throw new TypeError(`'${text}' is no position in the log`);
  return (BigInt(`0x${match[1]}`) << 32n) + BigInt(`0x${match[2]}`);
}

export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase();
}

/** The segment that holds the byte at `lsn`. */
export function segmentNumber(lsn: Lsn, segmentBytes: number): bigint {
  return lsn / BigInt(segmentBytes);
}

export function segmentStart(number: bigint, segmentBytes: number): Lsn {
  return number * BigInt(segmentBytes);
}

export function offsetInSegment(lsn: Lsn, segmentBytes: number): number {
  return Number(lsn % BigInt(segmentBytes));
}

const hex8 = (value: bigint | number) => value.toString(16).toUpperCase().padStart(8, '0');

export function timelineName(timeline: number): string {
  return hex8(timeline);
}

export function formatSegment({ timeline, number }: SegmentName, segmentBytes: number): string {
  const perTape = 0x1_0000_0000n / BigInt(segmentBytes);
  return hex8(timeline) + hex8(number / perTape) + hex8(number % perTape);
}

/** Undefined where `name` is no segment of logs with this segment size. */
export function parseSegment(name: string, segmentBytes: number): SegmentName | undefined {
  if (!/^[0-9A-F]{24}$/.test(name)) return undefined;
  const perTape = 0x1_0000_0000n / BigInt(segmentBytes);
  const low = BigInt(`0x${name.slice(16)}`);
  if (low >= perTape) return undefined;
  const timeline = Number.parseInt(name.slice(0, 8), 16);
  return { timeline, number: BigInt(`0x${name.slice(8, 16)}`) * perTape + low };
}
