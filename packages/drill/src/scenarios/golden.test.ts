// Every scenario in the simulator: it must end as it says, no referee may complain, and its conversation is the golden, read as
// prose in review. UPDATE=1 rewrites the goldens.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { needsCluster } from '../script/draw.ts';
import { runDrill } from '../script/run.ts';
import { createSimulatedDrill } from '../sim/script-hands.ts';
import { scenarios } from './texts.ts';

const folder = new URL('../../scenarios/', import.meta.url);

for (const script of scenarios) {
  test(`drill ${script.name}`, async () => {
    const hands = createSimulatedDrill(1, needsCluster(script) ? 2 : 0);
    const line = await runDrill(script, hands);
    assert.deepEqual(hands.breaches, []);
    assert.deepEqual(line.complaints, []);
    const text = `${hands.conversation().join('\n')}\n${JSON.stringify(line)}\n`;
    const golden = new URL(`${script.name}.golden.txt`, folder);
    if (process.env['UPDATE'] === '1') writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, 'utf8'), 'the conversation has changed: UPDATE=1 rewrites it');
  });
}
