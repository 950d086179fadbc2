// What a replica says that it cannot do (a relay that alone is cut from a primary): told when it begins and ends, shown, and nobody is ended for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bringUp, buildSeen, buildUnit, createBench } from './testing.ts';
import { viewOf } from './view.ts';

const trouble = 'nothing comes over the network from db/0: connections there are cut, new ones refused';

test('one relay that does not reach a primary condemns neither', () => {
  const relay = buildUnit({ name: 'relay', role: 'relay', routed: false });
  const db = buildUnit({ name: 'db', replicas: 1, surge: false, routed: false, zones: ['a'] });
  const bench = createBench([relay, db]);
  bringUp(bench);
  const [starts, looks] = [bench.all('StartReplica'), 30];
  const see = (of: { trouble?: string }) =>
    bench.see(
      starts.map(({ replica, incarnation }) => {
        const [unit = '', ordinal] = replica.split('/');
        return buildSeen(unit, Number(ordinal), { incarnation, ...(replica === 'relay/1' && of) });
      }),
      1_000,
    );
  for (let look = 0; look < looks; look++) see({ trouble });
  const look = () => viewOf(bench.state, { system: 'ward', id: 'x', zones: ['a'] });
  const [shown] = look().units;
  assert.deepEqual([shown?.state, shown?.why], ['degraded', `relay/1: ${trouble}`]);
  assert.equal(look().replicas.find(({ replica }) => replica === 'relay/1')?.why, trouble);
  assert.deepEqual(
    bench.told('info').filter((text) => text.includes(trouble)),
    [`relay/1: ${trouble}`],
    'once',
  );
  see({});
  assert.deepEqual(bench.told('info').slice(-1), [`relay/1: no longer so: ${trouble}`]);
  assert.equal(look().units[0]?.state, 'healthy');
  assert.equal(bench.all('StopReplica').length + bench.state.incidents.length, 0);
});
