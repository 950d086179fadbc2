// The disk of a node is full, or its data folder gone: who makes way, who is left alone, and when a person is asked.
// No disk is filled here: bench/state does that.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Database, died, node, serving } from './testing.ts';

describe('a database cluster and its disks', () => {
  test('a primary whose disk is full makes way where every standby has room; where one has none, a person is asked, once', () => {
    const primary = { role: 'primary', logEnd: 100, disk: 'full' } as const;
    for (const disk of ['free', 'full', undefined] as const) {
      const bench = serving();
      for (let second = 0; second < 6; second++)
        bench.see([node(bench, 0, primary), node(bench, 1, { disk: 'free' }), node(bench, 2, { disk })], 1_000);
      assert.equal(bench.all('FenceStandby').length, disk === 'free' ? 2 : 0);
      assert.equal(bench.told('condemned').length, disk === 'free' ? 1 : 0);
      assert.equal(bench.all('PagePerson').length, disk === 'free' ? 0 : 1);
      const [incident, ...others] = bench.state.incidents;
      assert.deepEqual([incident?.cause, incident?.outcome, others.length], ['disk', 'open', 0]);
      if (disk === 'free') continue;
      for (let second = 0; second < 2; second++)
        bench.see(
          [0, 1, 2].map((one) => node(bench, one, one === 0 ? { ...primary, disk: undefined } : {})),
          1_000,
        );
      assert.equal(bench.state.incidents[0]?.outcome, 'inconclusive', 'it closes when there is room');
      assert.equal(bench.all('StopReplica').length, 0);
    }
  });

  test('a primary whose disk is full for a moment, or whose standby is away, stays', () => {
    const full = { role: 'primary', logEnd: 100, disk: 'full' } as const;
    const free = { disk: 'free' } as const;
    const cases: readonly (readonly [number, Partial<Database>, Partial<Database>])[] = [
      [3, free, free],
      [6, free, { ...free, streaming: false }],
    ];
    for (const [seconds, second, third] of cases) {
      const bench = serving();
      for (let at = 0; at < seconds; at++)
        bench.see([node(bench, 0, full), node(bench, 1, second), node(bench, 2, third)], 1_000);
      bench.see([node(bench, 0, { ...full, disk: undefined }), node(bench, 1, free), node(bench, 2, free)], 1_000);
      assert.equal(bench.all('FenceStandby').length + bench.all('StopReplica').length, 0);
    }
  });

  test('a node whose data folder is gone is ended at once where another holds its data, and after a second look', () => {
    const gone = { disk: 'gone' } as const;
    const primary = { role: 'primary', logEnd: 100 } as const;
    for (const ill of [0, 1]) {
      const bench = serving();
      const look = () =>
        bench.see(
          [0, 1, 2].map((one) => node(bench, one, { ...(one === 0 && primary), ...(one === ill && gone) })),
          500,
        );
      look();
      assert.equal(bench.told('condemned').length, 0, 'once is not enough');
      look();
      assert.equal(bench.told('condemned').length, 1);
      assert.equal(bench.all('StopReplica').at(-1)?.replica, `db/${ill}`);
      assert.equal(bench.state.incidents[0]?.cause, 'disk');
      assert.equal(bench.all('PagePerson').length, 0);
    }
  });

  test('where the folders of all nodes are gone, all are left alone: somebody took away more than one disk', () => {
    const bench = serving();
    const gone = { disk: 'gone' } as const;
    for (let look = 0; look < 6; look++)
      bench.see(
        [0, 1, 2].map((one) => node(bench, one, { ...(one === 0 && { role: 'primary' as const }), ...gone })),
        500,
      );
    assert.equal(bench.told('condemned').length, 0);
    assert.equal(bench.all('StopReplica').length, 0);
  });

  test('a primary whose data folder is gone is left alone while nobody follows it: what it has open is all that there is', () => {
    const bench = serving();
    const away = { streaming: false, term: 0 } as const;
    for (const copy of [1, 2]) bench.see([node(bench, copy, away, died)], 100);
    for (let second = 0; second < 4; second++)
      bench.see([node(bench, 0, { role: 'primary', logEnd: 100, disk: 'gone' })], 1_000);
    assert.equal(bench.told('condemned').length, 0);
    assert.equal(bench.all('StopReplica').length, 0);
  });
});
