// Who is struck, and what is said where nobody can be: the same in the simulator and on a system that runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarios } from '../scenarios/texts.ts';
import { createSimulatedDrill } from '../sim/script-hands.ts';
import { drawReplicas, scopeOf, victimsOf } from './draw.ts';
import { runDrill } from './run.ts';

const both = { kind: 'strike-primary', unit: 'db', how: 'kill', standbyToo: true } as const;
const killed = scenarios.find((one) => one.name === 'primary-killed');
assert.ok(killed);

test('the primary is who the picture says, and the seed draws the standby', async () => {
  const view = await createSimulatedDrill(1, 2).view();
  assert.ok(view);
  assert.deepEqual(victimsOf(both, 0, view), ['db/0', 'db/1']);
  assert.deepEqual(victimsOf(both, 1, view), ['db/0', 'db/2']);
  assert.deepEqual(victimsOf({ ...both, standbyToo: false }, 1, view), ['db/0']);
  const scope = scopeOf(drawReplicas(killed, 1, view), 1, view);
  assert.deepEqual(scope.mayChange, ['db/0'], 'the standbys are not to be touched');
  assert.deepEqual([scope.mayMiss.get('db'), scope.mayMiss.get('orders'), scope.mayMiss.get('pricing')], [1, 3, 0]);
});

test('without standbys nothing is broken, and what to declare is said', async () => {
  const hands = createSimulatedDrill(1);
  await assert.rejects(runDrill(killed, hands), {
    code: 'HALE_DRILL_NO_CLUSTER',
    message: /db has no standbys/,
    hint: /postgres\(\{ standbys: 2 \}\)/,
  });
  assert.deepEqual(hands.conversation(), []);
});
