// What every lease must do: one leader, and an epoch that only grows. One body over the SQLite row and its twin in memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHaleError } from '@hale/base';
import type { Lease } from './lease.ts';

export interface LeaseSubject {
  /** Another candidate for the same lease. */
  candidate(): Lease;
  /** The process behind `holder` dies without a word. */
  kill(holder: string): void;
  dispose(): void;
}

export interface LeaseBench {
  /** Holders 'a', 'b' and 'c' are alive until killed. */
  open(): LeaseSubject;
}

const isHeldElsewhere = (error: unknown) => isHaleError(error) && error.code === 'HALE_CONTROL_LEASE_HELD';

/** Registers the tests of the contract under `name`. */
export function leaseContract(name: string, bench: LeaseBench): void {
  const check = (title: string, body: (subject: LeaseSubject) => void) =>
    it(title, () => {
      const subject = bench.open();
      try {
        body(subject);
      } finally {
        subject.dispose();
      }
    });

  describe(`lease contract: ${name}`, () => {
    check('the first to ask leads, with an epoch above zero', (subject) => {
      const lease = subject.candidate();
      assert.equal(lease.isHeld(), false);
      assert.ok(lease.acquire('a') > 0);
      assert.equal(lease.isHeld(), true);
    });

    check('a second is refused while the first lives', (subject) => {
      const first = subject.candidate();
      first.acquire('a');
      assert.throws(() => subject.candidate().acquire('b'), isHeldElsewhere);
      assert.equal(first.isHeld(), true);
    });

    check('a released lease is free, and the next epoch is higher', (subject) => {
      const first = subject.candidate();
      const epoch = first.acquire('a');
      first.release();
      assert.equal(first.isHeld(), false);
      assert.ok(subject.candidate().acquire('b') > epoch);
    });

    check('the lease of the dead is taken, and the dead, coming back, knows that it leads no more', (subject) => {
      const first = subject.candidate();
      const epoch = first.acquire('a');
      subject.kill('a');
      const second = subject.candidate();
      assert.ok(second.acquire('b') > epoch);
      assert.equal(first.isHeld(), false);
      first.release();
      assert.equal(second.isHeld(), true);
    });

    check('the same holder may ask again, and gets a higher epoch', (subject) => {
      const lease = subject.candidate();
      const epoch = lease.acquire('a');
      assert.ok(lease.acquire('a') > epoch);
    });

    check('an epoch seen elsewhere is never given again', (subject) => {
      assert.equal(subject.candidate().acquire('a', 41), 42);
    });

    check('releasing what is not held does nothing', (subject) => {
      subject.candidate().release();
      assert.ok(subject.candidate().acquire('a') > 0);
    });
  });
}
