// The disk is full. Nobody but the victim knows at first: it says so with its last words, or its start fails for it. A restart does not help then, and
// a person is asked for room; what is tried meanwhile, a little more often than other hopeless things, finds out when there is some.
import type { CauseKind } from '@hale/model';

const lineLengthMax = 200;

/** The first line of these last words that says so. */
export function fullDiskIn(words: string | undefined): string | undefined {
  const said = words?.split('\n').find((line) => /no space left on device|\bENOSPC\b|disk quota exceeded/i.test(line));
  return said?.trim().slice(0, lineLengthMax);
}

/** Why it could not be started, by the code of the failure. */
export function causeOfFailedStart(code: string): Extract<CauseKind, 'crash' | 'disk'> {
  return code.endsWith('_DISK_FULL') ? 'disk' : 'crash';
}
