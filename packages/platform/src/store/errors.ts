// What an object store may answer instead of an object, in one table: what to type next stands here, what happened is said
// where it happens.
import { HaleError } from '@hale/base';

const hints = {
  HALE_PLATFORM_STORE_URL: 'write file:<folder>, s3://bucket/prefix or azure://container/prefix',
  HALE_PLATFORM_STORE_KEY: 'this is a fault of Hale: please report it with the message above',
  HALE_PLATFORM_STORE_SDK_MISSING:
    'install the library that the message names: npm install @aws-sdk/client-s3 or @azure/storage-blob',
  HALE_PLATFORM_STORE_DENIED:
    'give these credentials the right to list, read, write and delete objects below the prefix (deleting may be left out where `hale backup prune` is never run)',
  HALE_PLATFORM_STORE_NO_BUCKET: 'make the bucket or container, or correct the url of objectStore({ url })',
  HALE_PLATFORM_STORE_DOWN: 'nothing is lost: try again when it answers; is the url of objectStore({ url }) right?',
  HALE_PLATFORM_STORE_FULL: 'free some space where the store is, or let `hale backup prune` do it',
  HALE_PLATFORM_STORE_CREDENTIALS:
    'set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or AZURE_STORAGE_CONNECTION_STRING, in the environment',
} as const;

export type StoreErrorCode = keyof typeof hints;

export function storeError(
  code: StoreErrorCode,
  message: string,
  more: { cause?: unknown; retriable?: boolean; details?: Readonly<Record<string, unknown>> } = {},
): HaleError {
  return new HaleError({ code, message, hint: hints[code], ...more });
}
