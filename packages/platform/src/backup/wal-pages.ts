// The stamp on every page of the log: which timeline wrote it, where on the tape it belongs, and (on the first page of a segment)
// for which database. A segment that lies under another's name, of another database or of an abandoned timeline is known by it.
// Layout: XLogPageHeaderData and XLogLongPageHeaderData of src/include/access/xlog_internal.h, little-endian machines.
import { backupError } from './errors.ts';
import { formatLsn, formatSegment, type Lsn, type SegmentName, segmentStart } from './wal-name.ts';

const pageBytes = 8192;
const shortHeadBytes = 24;
const longHeadBytes = 40;

export interface SegmentClaim {
  readonly segment: SegmentName;
  readonly segmentBytes: number;
  readonly systemIdentifier: string;
  /** Where the timeline begins; earlier pages are its ancestors'. */
  readonly ownFrom: Lsn;
}

/** Throws HALE_PLATFORM_BACKUP_DAMAGED when `content` (the segment's beginning, or all of it) is not what it claims to be. */
export function checkPages(content: Buffer, claim: SegmentClaim): void {
  const start = segmentStart(claim.segment.number, claim.segmentBytes);
  const refuse = (why: string) => {
    const name = formatSegment(claim.segment, claim.segmentBytes);
    return backupError('HALE_PLATFORM_BACKUP_DAMAGED', `segment ${name} of the log is damaged: ${why}`, {
      details: { object: name },
    });
  };
  if (content.length >= longHeadBytes && content.readUInt16LE(0) !== 0) {
    const owner = content.readBigUInt64LE(24).toString();
    if (owner !== claim.systemIdentifier) throw refuse(`it is of another database (${owner})`);
    if (content.readUInt32LE(32) !== claim.segmentBytes) throw refuse('it is of another size');
  }
  for (let at = 0; at + shortHeadBytes <= content.length; at += pageBytes) {
    // Pages behind the end of a segment that was left early are empty.
    if (content.readUInt16LE(at) === 0) continue;
    const place = start + BigInt(at);
    const timeline = content.readUInt32LE(at + 4);
    const says = content.readBigUInt64LE(at + 8);
    if (says !== place) throw refuse(`a page of ${formatLsn(says)} lies at ${formatLsn(place)}`);
    const isOwn = place >= claim.ownFrom;
    if (isOwn ? timeline !== claim.segment.timeline : timeline >= claim.segment.timeline) {
      throw refuse(`the page at ${formatLsn(place)} is of timeline ${timeline}`);
    }
  }
}

/**
 * Whether the log goes on at `at`, the end of the last record that was replayed: a record that begins there and is all here should
 * have been replayed as well. `content`: the segment that holds `at`, with the next one behind it where there is one.
 */
export function goesOnAt(content: Buffer, at: Lsn, segmentBytes: number): boolean {
  let offset = Number((((at + 7n) / 8n) * 8n) % BigInt(segmentBytes));
  if (offset % pageBytes === 0) offset += offset === 0 ? longHeadBytes : shortHeadBytes;
  if (offset + 4 > content.length) return false;
  const length = content.readUInt32LE(offset);
  if (length < 24) return false;
  let end = offset;
  for (let left = length; left > 0; ) {
    const inPage = Math.min(left, pageBytes - (end % pageBytes));
    left -= inPage;
    end += inPage;
    if (left > 0) end += end % segmentBytes === 0 ? longHeadBytes : shortHeadBytes;
  }
  return end <= content.length;
}
