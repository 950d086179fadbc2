// One line a database, whatever has or has not happened yet.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackupObservation } from '@hale/model';
import { renderBackups } from './backup-picture.ts';
import { createPaint } from './paint.ts';

const style = { paint: createPaint(false), width: undefined, utcOffsetMinutes: 0 };
const hour = 3_600_000;
const now = 1_700_000_000_000;
const fresh: BackupObservation = {
  ...{ database: 'db', everyMs: hour, proveMs: hour, since: now, known: true, doing: undefined, lastError: '' },
  ...{ lastBackup: undefined, lastProof: undefined, log: undefined },
};
const lastBackup = { id: 'b', at: now - 3 * hour };
const proof = { backup: 'b', at: now - 2 * hour, ok: true, problem: '', rtoMs: 900 };
const log = { completeUntil: now - 1_000, behindSince: undefined, spoolBytes: 0, trouble: '' };
const cases: [title: string, of: Partial<BackupObservation>, line: string][] = [
  ['nothing yet', {}, 'db  no backup yet, the log is not followed'],
  ['nobody has looked', { known: false }, 'db  the store was not read yet, the log is not followed'],
  [
    'all is well',
    { lastBackup, lastProof: proof, log },
    'db  backed up 3h0m ago, proven 2h0m ago (restored in 900ms), log complete until 1.0s ago',
  ],
  [
    'all is ill',
    {
      ...{ lastBackup, lastProof: { ...proof, ok: false, problem: 'a chunk is missing' } },
      ...{ log: { ...log, spoolBytes: 2e6, trouble: 'the store is down' }, doing: 'backup', lastError: 'backup: full' },
    },
    'db  backed up 3h0m ago, proof failed 2h0m ago: a chunk is missing, log complete until 1.0s ago, 2.0MB in the spool (the store is down); a backup is under way; backup: full',
  ],
];

describe('the picture of backups', () => {
  for (const [title, of, line] of cases)
    it(title, () => assert.deepEqual(renderBackups([{ ...fresh, ...of }], now, style), [line]));
  it('none declared, nothing said', () => assert.deepEqual(renderBackups(undefined, now, style), []));
});
