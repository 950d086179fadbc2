// What an object store may answer instead of an object, in one table: what to type next stands here, what happened is said
// where it happens.
import { HaleError } from '@hale/base';

const hints = {
  HALE_PLATFORM_STORE_KEY: 'this is a fault of Hale: please report it with the message above',
  HALE_PLATFORM_STORE_DENIED:
    'give these credentials the right to list, read, write and delete objects below the prefix (deleting may be left out where `hale backup prune` is never run)',
  HALE_PLATFORM_STORE_DOWN: 'nothing is lost: try again when it answers; is the url of objectStore({ url }) right?',
  HALE_PLATFORM_STORE_FULL: 'free some space where the store is, or let `hale backup prune` do it',
} as const;

export type StoreErrorCode = keyof typeof hints;

export function storeError(
  code: StoreErrorCode,
  message: string,
  more: { cause?: unknown; retriable?: boolean; details?: Readonly<Record<string, unknown>> } = {},
): HaleError {
  return new HaleError({ code, message, hint: hints[code], ...more });
}
