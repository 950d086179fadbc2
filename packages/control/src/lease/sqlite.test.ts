// The SQLite lease keeps the contract; beyond it: it knows the dead by pid and start time, and a lost file does not bring an
// epoch back.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { leaseContract } from '@hale/ports/testing';
import { bootId, isHolderAlive, ownHolder } from './process-holder.ts';
import { openSqliteLease, type SqliteLease } from './sqlite.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'hale-lease-'));

leaseContract('sqlite', {
  open() {
    const folder = newFolder();
    const dead = new Set<string>();
    const opened: SqliteLease[] = [];
    return {
      candidate() {
        const isAlive = (holder: string) => !dead.has(holder);
        const lease = openSqliteLease({
          file: join(folder, 'lease.db'),
          wallMs: 0,
          isAlive,
          onBroken: () => assert.fail('nothing was broken'),
        });
        opened.push(lease);
        return lease;
      },
      kill: (holder) => void dead.add(holder),
      dispose() {
        for (const lease of opened) lease.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});

it('a broken file is moved aside aloud, and the epoch goes on from what is known elsewhere', () => {
  const folder = newFolder();
  const file = join(folder, 'lease.db');
  writeFileSync(file, 'not a database at all, '.repeat(100));
  let notices = 0;
  const lease = openSqliteLease({ file, wallMs: 0, onBroken: () => void notices++ });
  assert.deepEqual([lease.acquire('a', 41), notices], [42, 1]);
  lease.close();
  rmSync(folder, { recursive: true, force: true });
});

it('a holder is alive exactly as long as the process that named itself so', () => {
  assert.equal(isHolderAlive(ownHolder()), true);
  const recycled = `${bootId()}/${process.pid}/1`;
  const anotherBoot = `another-boot/${ownHolder().split('/').slice(1).join('/')}`;
  for (const holder of [recycled, anotherBoot, `${bootId()}/999999999/1`, 'nonsense', '']) {
    assert.equal(isHolderAlive(holder), false, holder);
  }
});
