// The twins in memory keep the contracts that the real adapters keep.
import type { MemoryLeaseRow } from './testing.ts';
import {
  createMemoryJournal,
  createMemoryLease,
  createMemoryStore,
  journalContract,
  leaseContract,
  storeContract,
} from './testing.ts';

journalContract('memory', {
  open(options) {
    const journal = createMemoryJournal(options);
    return { journal, reopen: () => journal, dispose() {} };
  },
});

leaseContract('memory', {
  open() {
    const dead = new Set<string>();
    const row: MemoryLeaseRow = { epoch: 0, holder: undefined, isAlive: (holder) => !dead.has(holder) };
    return { candidate: () => createMemoryLease(row), kill: (holder) => void dead.add(holder), dispose() {} };
  },
});

storeContract('memory', {
  async open() {
    return { store: createMemoryStore(), dispose() {} };
  },
});
