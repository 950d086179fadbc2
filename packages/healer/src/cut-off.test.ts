// What a replica says that it cannot do (a relay that alone is cut from a primary): shown, an incident, and nobody is ended for it; a person is called
// once no other relay is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bringUp, buildSeen, buildUnit, createBench } from './testing.ts';
import { viewOf } from './view.ts';

const trouble = 'nothing comes over the network from db/0: connections there are cut, new ones refused';

for (const cut of [['relay/1'], ['relay/0', 'relay/1']])
  test(`${cut.join(' and ')} cut from a primary: neither is condemned`, () => {
    const relay = buildUnit({ name: 'relay', role: 'relay', routed: false });
    const db = buildUnit({ name: 'db', replicas: 1, surge: false, routed: false, zones: ['a'] });
    const bench = createBench([relay, db]);
    bringUp(bench);
    const starts = bench.all('StartReplica');
    const see = (of: { trouble?: string }) =>
      bench.see(
        starts.map(({ replica, incarnation }) => {
          const [unit = '', ordinal] = replica.split('/');
          return buildSeen(unit, Number(ordinal), { incarnation, ...(cut.includes(replica) && of) });
        }),
        1_000,
      );
    const shown = () => viewOf(bench.state, { system: 'ward', id: 'x', zones: ['a'] });
    for (let second = 0; second < 60; second++) see({ trouble });
    const [unit] = shown().units;
    assert.deepEqual([unit?.state, unit?.why], ['degraded', cut.map((who) => `${who}: ${trouble}`).join('; ')]);
    assert.equal(shown().replicas.find(({ replica }) => replica === 'relay/1')?.why, trouble);
    assert.deepEqual(
      bench.state.incidents.map(({ cause, replicas }) => [cause, replicas]),
      [['dependency-down', cut]],
    );
    assert.equal(bench.all('PagePerson').length, cut.length - 1);
    see({});
    see({});
    assert.deepEqual(
      bench.state.incidents.map(({ outcome }) => outcome),
      ['inconclusive'],
    );
    assert.equal(shown().units[0]?.state, 'healthy');
    assert.equal(bench.all('StopReplica').length, 0);
    assert.equal(bench.all('StartReplica').length, starts.length);
  });
