// The account: counts that only grow, whoever sits where and however often the program begins anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLedger } from './ledger.ts';
import type { StatRow } from './stat-table.ts';

const blank = {
  requests: 0,
  inFlight: 0,
  queued: 0,
  answers: 0,
  errors5xx: 0,
  connectErrors: 0,
  responseErrors: 0,
  retries: 0,
  serverAborts: 0,
  clientAborts: 0,
  meanMs: 0,
};
const chair = (server: string, over: Partial<StatRow>): StatRow => ({
  ...blank,
  proxy: 'service-app',
  server,
  ...over,
});
const seated = (of: Record<string, string>) => new Map([['app', new Map(Object.entries(of))]]);

test('a chair that is given away counts for the next from then on', () => {
  const ledger = createLedger();
  ledger.absorb([chair('slot1', { requests: 10, answers: 10, errors5xx: 1 })], seated({ slot1: 'a' }), 0);
  ledger.absorb([chair('slot1', { requests: 14, answers: 14, errors5xx: 3 })], seated({ slot1: 'b' }), 250);
  const { replicas } = ledger.tally(250);
  assert.deepEqual(replicas, { b: { requests: 4, errors: 2, inFlight: 0, oldestWaitMs: 0 } });
});

test('a new life of the program begins at 0 and nothing is lost or counted twice', () => {
  const ledger = createLedger();
  const rows = (requests: number, failed: number) => [
    { ...blank, proxy: 'public', server: 'FRONTEND', requests, errors5xx: failed },
    chair('BACKEND', { requests, errors5xx: failed, retries: 2, inFlight: 1 }),
    chair('hold', { requests: 1 }),
  ];
  ledger.absorb(rows(10, 1), seated({}), 0);
  ledger.startOver();
  ledger.absorb(rows(3, 1), seated({}), 250);
  const { totals, perUnit } = ledger.tally(250);
  assert.deepEqual(totals, { requests: 13, failed: 2, severed: 0, retried: 4, held: 2, inFlight: 1 });
  assert.equal(perUnit['app']!.requests, 13);
});

test('who owes answers and gives none keeps somebody waiting; a quiet upgraded connection does not', () => {
  const ledger = createLedger();
  const look = (row: Partial<StatRow>, nowMs: number) => {
    ledger.absorb([chair('slot1', row)], seated({ slot1: 'a' }), nowMs);
    return ledger.tally(nowMs + 100).replicas['a']!.oldestWaitMs;
  };
  assert.equal(look({ requests: 5, answers: 5, inFlight: 1 }, 0), 0);
  assert.equal(look({ requests: 5, answers: 5, inFlight: 1 }, 5000), 0);
  // It stops within one look: some were answered before.
  assert.equal(look({ requests: 9, answers: 7, inFlight: 3 }, 6000), 100);
  assert.equal(look({ requests: 9, answers: 7, inFlight: 3 }, 7000), 1100);
  assert.equal(look({ requests: 9, answers: 8, inFlight: 2 }, 8000), 100);
  // The last one that waited went away.
  assert.equal(look({ requests: 9, answers: 8, clientAborts: 1, inFlight: 1 }, 9000), 0);
  assert.equal(look({ requests: 10, answers: 8, clientAborts: 1, inFlight: 2 }, 9500), 100);
  assert.equal(look({ requests: 10, answers: 8, clientAborts: 1, inFlight: 0 }, 9900), 0);
});
