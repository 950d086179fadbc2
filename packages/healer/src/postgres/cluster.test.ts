// A cluster on the bench, move by move: who is asked what, in which order, and what is refused aloud.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReplicaId, ReplicaObservation } from '@hale/model';
import { type Bench, buildSeen, buildUnit, createBench, failing } from '../testing.ts';
import { cluster, died, finish, livesOf, node, serving } from './testing.ts';

const tableOf = (bench: Bench) => bench.all('PublishEndpoints').at(-1)?.table.databases?.[0];

describe('a database cluster', () => {
  test('standbys are copies of who writes, and follow it', () => {
    const bench = serving();
    const [, second, third] = bench.all('StartReplica');
    assert.deepEqual(second?.database, { term: 1, primary: 'db/0', from: { address: '127.0.0.1', port: 4000 } });
    assert.deepEqual(third?.database, second?.database);
    assert.deepEqual(
      bench.all('FollowPrimary').map((one) => one.replica),
      ['db/1', 'db/2'],
    );
    assert.equal(tableOf(bench)?.primary?.replica, 'db/0');
    assert.deepEqual(
      tableOf(bench)?.readers.map((one) => one.replica),
      ['db/1', 'db/2'],
    );
  });

  test('the primary dies: both standbys are fenced, the furthest takes over, and the old one becomes its copy', () => {
    const bench = serving();
    bench.see([node(bench, 0, {}, died)], 100);
    assert.equal(tableOf(bench)?.primary, undefined, 'nobody is led to it any more');
    assert.deepEqual(
      bench.all('FenceStandby').map((one) => [one.replica, one.term]),
      [
        ['db/1', 2],
        ['db/2', 2],
      ],
    );
    finish(bench, 'FenceStandby', [100, 101]);
    assert.deepEqual(
      bench.all('PromoteStandby').map((one) => [one.replica, one.term]),
      [['db/2', 2]],
    );
    finish(bench, 'PromoteStandby');
    assert.equal(tableOf(bench)?.primary?.replica, 'db/2');
    assert.equal(tableOf(bench)?.term, 2);
    const follow = bench.all('FollowPrimary').at(-1);
    assert.deepEqual([follow?.replica, follow?.primary, follow?.term], ['db/1', 'db/2', 2]);
    bench.feed({ kind: 'TimePassed' }, 2_000);
    const start = bench.all('StartReplica').at(-1);
    assert.deepEqual([start?.replica, start?.database?.primary, start?.database?.from?.port], ['db/0', 'db/2', 4002]);
  });

  test('a primary that only its probe accuses waits for an heir: while no other node is ready, for a while longer', () => {
    for (const { heirs, stoppedAfter } of [
      { heirs: 1, stoppedAfter: 30 },
      { heirs: 0, stoppedAfter: 90 },
    ]) {
      const bench = serving();
      const stops = () => bench.all('StopReplica').filter(({ replica }) => replica === 'db/0').length;
      const ill = { ready: failing };
      const others = [node(bench, 1, {}, died), node(bench, 2, {}, heirs === 0 ? died : {})];
      const look = () => [node(bench, 0, { role: 'primary' }, ill), ...others.splice(0)];
      let seconds = -1;
      for (; seconds < 120 && stops() === 0; seconds++) bench.see(look(), 1_000);
      assert.equal(seconds, stoppedAfter, `with ${heirs} heirs`);
      const refused = bench.state.incidents.flatMap(({ rejected }) => rejected.map(({ why }) => why));
      assert.equal(
        refused.some((why) => why.includes('nobody could take over')),
        heirs === 0,
      );
    }
  });

  test('it is not scaled: with one node nobody would acknowledge any more', () => {
    const bench = serving();
    const order = { kind: 'scale', unit: 'db', replicas: 1 } as const;
    bench.feed({ kind: 'OrderReceived', id: 'o1', by: 'somebody', order });
    assert.match(bench.all('Tell').at(-1)?.note.text ?? '', /declared, not scaled/);
    assert.equal(bench.all('StopReplica').length, 0);
  });

  test('one answer is not enough: who was not asked may have acknowledged', () => {
    const bench = serving();
    bench.see([node(bench, 0, {}, died)], 100);
    const [first] = bench.all('FenceStandby');
    bench.feed({ kind: 'CommandFinished', command: first!.id, result: { kind: 'done', logEnd: 200 } }, 10);
    assert.equal(bench.all('PromoteStandby').length, 0);
  });

  test('primary and one standby are gone: nobody is promoted, that is said, and the old primary is started again', () => {
    const bench = serving();
    bench.see([node(bench, 0, {}, died), node(bench, 2, {}, died)], 100);
    assert.equal(bench.all('FenceStandby').length, 0);
    assert.match(bench.told('refused').join(), /1 of 2 standbys that may have acknowledged can be asked, 2 are needed/);
    const restarts = bench.all('StartReplica').slice(3);
    assert.deepEqual(restarts.find((one) => one.replica === 'db/0')?.database, {
      term: 1,
      primary: 'db/0',
      from: undefined,
    });
  });

  test('a standby below the baseline is not chosen: what earlier terms acknowledged is not all there', () => {
    const bench = serving();
    bench.see([node(bench, 0, {}, died)], 100);
    finish(bench, 'FenceStandby', [90, 95]);
    assert.equal(bench.all('PromoteStandby').length, 0);
    assert.match(bench.told('info').join(), /none has all of the earlier terms yet/);
  });

  test('an election that is not answered ends after ten seconds with the old primary, in the next term', () => {
    const bench = serving();
    bench.see([node(bench, 0, {}, died)], 100);
    bench.feed({ kind: 'TimePassed' }, 11_000);
    const start = bench.all('StartReplica').at(-1);
    assert.deepEqual(start?.database, { term: 2, primary: 'db/0', from: undefined });
  });

  test('where the primary stays the same, its standbys keep their data, fenced or not', () => {
    const bench = serving();
    const [, first, second] = livesOf(bench);
    bench.see([node(bench, 0, {}, died)], 100);
    bench.feed({ kind: 'TimePassed' }, 11_000);
    bench.see([node(bench, 0, { role: 'primary', term: 2 }), node(bench, 1, {}), node(bench, 2, {})], 1_000);
    assert.deepEqual(
      bench.all('FollowPrimary').map((one) => [one.incarnation, one.term]),
      [first, second, first, second].map((life, place) => [life, place < 2 ? 1 : 2]),
    );
    assert.deepEqual(bench.all('StopReplica'), [], 'nobody is copied anew');
  });

  test('whose copy is not whole waits for the primary, however long its recovery takes, and nobody is called for it', () => {
    const bench = serving();
    bench.see([node(bench, 0, {}, died), node(bench, 1, {}, died), node(bench, 2, {}, died)], 100);
    const starts = () => bench.all('StartReplica').filter(({ replica }) => replica === 'db/1');
    const { code, message, hint } = { code: 'HALE_PLATFORM_POSTGRES_NO_PRIMARY', message: 'nobody serves', hint: '' };
    const refused = { kind: 'failed', code, message, hint } as const;
    bench.feed({ kind: 'CommandFinished', command: starts().at(-1)!.id, result: refused }, 100);
    const tried = starts().length;
    for (let second = 0; second < 90; second++) bench.feed({ kind: 'TimePassed' }, 1_000);
    assert.equal(starts().length, tried, 'there is nothing to try');
    assert.deepEqual(bench.all('PagePerson'), []);
    assert.match(bench.told('info').at(-1) ?? '', /nobody serves: it waits for that/);
    bench.see([node(bench, 0, { role: 'primary' })], 100);
    assert.deepEqual(starts().at(-1)?.database, {
      ...{ term: 1, primary: 'db/0', from: { address: '127.0.0.1', port: 4000 } },
      rebuild: true,
    });
  });

  test('a reason is told once, however often the order fails', () => {
    const bench = serving();
    bench.see([node(bench, 0, {}, died)], 100);
    for (let tries = 0; tries < 5; tries++) {
      const result = { kind: 'failed', code: 'X', message: 'it does not change', hint: '' } as const;
      for (const { id } of bench.all('FenceStandby').slice(-2))
        bench.feed({ kind: 'CommandFinished', command: id, result }, 10);
      bench.feed({ kind: 'TimePassed' }, 300);
    }
    assert.ok(bench.all('FenceStandby').length > 4);
    assert.equal(
      bench.told('info').filter((text) => text.includes('it does not change')).length,
      2,
      'one of each node',
    );
  });

  test('a frozen primary is not said to accept writes, whatever it said before', () => {
    const bench = serving();
    bench.see([node(bench, 0, {}, died), node(bench, 2, {}, died)], 100);
    const before = bench.told('verified').length;
    const unready = { ready: { verdict: 'fail', reason: 'no answer in time', failures: 3 } } as const;
    bench.see([node(bench, 0, { role: 'primary' }, unready)], 1_000);
    bench.see([node(bench, 0, { role: 'primary' }, { process: { kind: 'stopped' } })], 1_000);
    assert.equal(bench.told('verified').length, before);
    bench.see([node(bench, 0, { role: 'primary' })], 1_000);
    assert.equal(bench.told('verified').length, before + 1);
  });

  test('whoever is with a primary that stands still for a moment stays; once it is condemned nobody is led to it', () => {
    const bench = serving();
    const stand = () =>
      bench.see(
        [node(bench, 0, { role: 'primary' }, { process: { kind: 'stopped' } }), node(bench, 1, {}), node(bench, 2, {})],
        500,
      );
    const { length } = bench.all('PublishEndpoints');
    for (let at = 0; at < 2_500; at += 500) stand();
    assert.deepEqual([bench.all('PublishEndpoints').length, bench.told('suspected').length], [length, 1]);
    for (let at = 0; at < 2_500; at += 500) stand();
    assert.deepEqual([bench.told('condemned').length, tableOf(bench)?.primary], [1, undefined]);
  });

  test('while nobody accepts writes, its users miss it, however many standbys run', () => {
    const shop = buildUnit({ name: 'shop', uses: ['db'] });
    const bench = serving([shop]);
    const unready = { ready: { verdict: 'fail', reason: 'HTTP 503', failures: 3 } } as const;
    const user = (of: Partial<ReplicaObservation> = {}) => {
      const { incarnation } = bench.all('StartReplica').findLast((one) => one.replica === 'shop/0')!;
      return buildSeen('shop', 0, { incarnation, ...of });
    };
    bench.see([user()], 1_000);
    bench.see([node(bench, 0, {}, died), node(bench, 2, {}, died)], 100);
    for (let second = 0; second < 5; second++) bench.see([node(bench, 1, {}), user(unready)], 1_000);
    assert.match(bench.told('opened').join(), /shop\/0: it is not ready, and db, which it uses, is down/);
  });

  test('one that is drained during its copy, which dies with the control room, is forgotten and comes back', () => {
    const bench = serving();
    bench.see([node(bench, 2, {}, died)], 100);
    const { incarnation } = bench.all('StartReplica').at(-1)!;
    bench.feed({
      kind: 'OrderReceived',
      id: 'o1',
      by: 'somebody',
      order: { kind: 'drain', replica: 'db/2' as ReplicaId },
    });
    bench.feed({ kind: 'LeaderElected', epoch: 9, seed: 1 }, 10);
    bench.see([node(bench, 0, { role: 'primary' }), node(bench, 1, {})], 100, true);
    const stop = bench.all('StopReplica').at(-1)!;
    assert.equal(stop.incarnation, incarnation);
    bench.feed({ kind: 'CommandFinished', command: stop.id, result: { kind: 'done' } }, 10);
    bench.feed({
      kind: 'OrderReceived',
      id: 'o2',
      by: 'somebody',
      order: { kind: 'undrain', replica: 'db/2' as ReplicaId },
    });
    bench.feed({ kind: 'TimePassed' }, 5_000);
    const again = bench.all('StartReplica').at(-1)!;
    assert.ok(again.replica === 'db/2' && again.incarnation !== incarnation, 'it is started anew');
  });

  test('an old primary that turns up again is not led to during the election, and is started anew in the next term', () => {
    const bench = serving();
    const primary = node(bench, 0, { role: 'primary' });
    // A full look that does not list it, and later one that does.
    bench.see([node(bench, 1, {}), node(bench, 2, {})], 1_000, true);
    assert.equal(bench.all('FenceStandby').length, 2);
    bench.see([primary], 1_000);
    assert.equal(tableOf(bench)?.primary, undefined);
    bench.feed({ kind: 'TimePassed' }, 10_000);
    assert.deepEqual(
      bench.all('StopReplica').map((one) => [one.replica, one.incarnation, one.graceMs]),
      [['db/0', primary.incarnation, 0]],
    );
    bench.see([{ ...primary, ...died }], 100);
    bench.feed({ kind: 'TimePassed' }, 5_000);
    assert.deepEqual(bench.all('StartReplica').at(-1)?.database, { term: 2, primary: 'db/0', from: undefined });
  });

  test('a new primary is not condemned for standbys that have only just been told to follow it', () => {
    const bench = serving();
    const unready = { ready: { verdict: 'fail', reason: 'no answer in time', failures: 3 } } as const;
    for (let second = 0; second < 5; second++)
      bench.see(
        [node(bench, 0, { role: 'primary' }), node(bench, 1, {}, unready), node(bench, 2, { streaming: false })],
        1_000,
      );
    bench.see([node(bench, 0, {}, died)], 100);
    finish(bench, 'FenceStandby', [101, 100]);
    finish(bench, 'PromoteStandby');
    finish(bench, 'FollowPrimary');
    bench.see([node(bench, 1, { role: 'primary', term: 2 }, unready)], 100);
    assert.equal(tableOf(bench)?.term, 2);
    assert.deepEqual(bench.told('condemned'), []);
  });

  test('one that follows and receives nothing is copied anew; one that is late once is not', () => {
    const bench = serving();
    const primary = { role: 'primary', logEnd: 500 } as const;
    for (let second = 0; second < 15; second++)
      bench.see([node(bench, 0, primary), node(bench, 1, { streaming: false }), node(bench, 2, {})], 1_000);
    assert.equal(bench.all('StopReplica').length, 0);
    for (let second = 0; second < 7; second++)
      bench.see([node(bench, 0, primary), node(bench, 1, { streaming: false }), node(bench, 2, {})], 1_000);
    assert.deepEqual(
      bench.all('StopReplica').map((one) => one.replica),
      ['db/1'],
    );
    bench.see([node(bench, 1, {}, died)], 100);
    assert.equal(bench.all('StartReplica').at(-1)?.database?.rebuild, true);
  });

  test('from a primary that cannot be asked nobody receives: no data is thrown away for that, nor just after it', () => {
    const bench = serving();
    const see = (agoMs: number) =>
      bench.see(
        [
          node(bench, 0, { role: 'primary', logEnd: 500, agoMs }),
          node(bench, 1, { streaming: false }),
          node(bench, 2, {}),
        ],
        1_000,
      );
    for (let second = 1; second < 40; second++) see(second * 1_000);
    for (let second = 0; second < 15; second++) see(0);
    assert.equal(bench.all('StopReplica').length, 0);
    for (let second = 0; second < 7; second++) see(0);
    assert.deepEqual(
      bench.all('StopReplica').map((one) => one.replica),
      ['db/1'],
    );
  });

  test('a primary that answers neither us nor its standbys is condemned; one that only we cannot ask is not', () => {
    const deaf = { ready: { verdict: 'fail', reason: 'no answer in time', failures: 3 } } as const;
    const primary = { role: 'primary', logEnd: 100 } as const;
    for (const streaming of [true, false]) {
      const bench = serving();
      for (let second = 0; second < 6; second++)
        bench.see([node(bench, 0, primary, deaf), node(bench, 1, { streaming }), node(bench, 2, { streaming })], 1_000);
      assert.equal(bench.all('FenceStandby').length, streaming ? 0 : 2);
      assert.equal(bench.told('condemned').length, streaming ? 0 : 1);
    }
  });

  test('on a busy host a primary that answers nobody is given longer, and not for ever', () => {
    const deaf = { ready: { verdict: 'fail', reason: 'no answer in time', failures: 3 } } as const;
    const host = { diskFreeBytes: 1e9, diskTotalBytes: 1e9, cpuRatio: 1 };
    for (const streaming of [true, false]) {
      const bench = serving();
      const nodes = () => [
        node(bench, 0, { role: 'primary', logEnd: 100 }, deaf),
        ...[1, 2].map((ordinal) => node(bench, ordinal, { streaming })),
      ];
      const secondsOf = (seconds: number) => {
        for (let second = 0; second < seconds; second++)
          bench.feed({ kind: 'Observed', observation: { full: false, replicas: nodes(), host } }, 1_000);
      };
      secondsOf(11);
      assert.equal(bench.told('condemned').length, 0);
      secondsOf(3);
      assert.equal(bench.told('condemned').length, streaming ? 0 : 1);
    }
  });

  test('a new control room without a memory believes the nodes', () => {
    const bench = serving();
    const nodes = [
      node(bench, 0, { term: 4, streaming: false }),
      node(bench, 1, { term: 5, role: 'primary', logEnd: 900 }),
      node(bench, 2, { term: 5 }),
    ];
    const other = createBench([cluster]);
    other.see(nodes, 100, true);
    assert.equal(other.state.units[0]?.cluster?.primary, 'db/1');
    assert.equal(other.state.units[0]?.cluster?.term, 5);
    assert.deepEqual(other.state.units[0]?.cluster?.joined, ['db/2']);
  });
});
