// What of a relay's tally becomes a person's concern, and whose tally it is.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { replicaId } from '@hale/model';
import { type DatabaseTraffic, relayStatsFile, relayTroubleReader } from './stats.ts';

const calm: DatabaseTraffic = { term: 1, primary: 'db/0', writers: 1, readers: 0, waiting: 0 };

test('silent nodes are named, of this life only; what cannot be read changes nothing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-tally-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = relayStatsFile(folder, 0);
  mkdirSync(dirname(file));
  const read = relayTroubleReader(file, 'I1');
  let second = 0;
  const write = (text: string, passes = 2) => {
    writeFileSync(file, text);
    second += passes;
    utimesSync(file, second, second);
  };
  const tally = (incarnation: string, of: Partial<DatabaseTraffic>) =>
    JSON.stringify({ v: 1, at: 0, ordinal: 0, incarnation, databases: { db: { ...calm, ...of } } });
  const silent = { silent: [replicaId('db', 0), replicaId('db', 2)] };
  const words = 'nothing comes over the network from db/0, db/2: connections there are cut, new ones refused';
  assert.equal(read(), undefined, 'nothing is there');
  write(tally('I0', silent));
  assert.equal(read(), undefined, 'of a life before');
  write(tally('I1', silent));
  assert.equal(read(), words);
  write('{ half');
  assert.equal(read(), words);
  write(tally('I1', {}), 0.5);
  assert.equal(read(), words, 'a moment after the last look');
  write(tally('I1', {}));
  assert.equal(read(), undefined);
});
