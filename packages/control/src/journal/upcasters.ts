// Translators of old handwriting: a record that an earlier Hale wrote is lifted, one version at a time, to the shapes of
// today. Nothing else in the house knows that there ever were other shapes. A record of the future is refused, not guessed.
import { eventVersion } from '@hale/model';
import type { JournalRecord } from '@hale/ports';
import { controlError } from '../errors.ts';

/** A record as it lies on the shelf. */
export interface StoredRecord {
  readonly kind: 'event' | 'command';
  readonly body: Readonly<Record<string, unknown>>;
}

/** The translator at key n lifts a record of version n to version n + 1. */
export type Upcasters = Readonly<Record<number, (stored: StoredRecord) => StoredRecord>>;

/** Empty as long as version 1 is the only one there ever was. */
export const upcasters: Upcasters = {};

/**
 * The record in today's shapes. Throws HALE_CONTROL_JOURNAL_NEWER for one that a newer Hale wrote, and an assertion's error
 * where a translator is missing.
 */
export function upcast(
  stored: StoredRecord,
  from: number,
  table: { readonly upcasters: Upcasters; readonly version: number } = { upcasters, version: eventVersion },
): JournalRecord {
  if (from > table.version) {
    const message = `the journal holds records of version ${from}; this Hale reads up to version ${table.version}`;
    throw controlError('HALE_CONTROL_JOURNAL_NEWER', message);
  }
  let lifted = stored;
  for (let version = from; version < table.version; version++) {
    const lift = table.upcasters[version];
    if (lift === undefined) throw new Error(`assertion failed: no upcaster from version ${version}`);
    lifted = lift(lifted);
  }
  return { kind: lifted.kind, version: table.version, [lifted.kind]: lifted.body } as unknown as JournalRecord;
}
