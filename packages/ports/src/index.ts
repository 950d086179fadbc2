// The sockets between rooms: interfaces only. Each has one contract test body, run over every adapter and its simulated twin.
export type { Journal, JournalEntry, JournalRecord } from './journal.ts';
export type { Lease } from './lease.ts';
export type { Platform, PlatformCapabilities } from './platform.ts';
export {
  type ByteRange,
  getWhole,
  isStoreKey,
  type ListPage,
  listAll,
  type ObjectStore,
  type StoreCapabilities,
  type StoredObject,
  scopeStore,
} from './store.ts';
