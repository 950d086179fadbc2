// What the rules of a cut say: which packets fall, in which direction, and that those beside it pass before anything falls. Whether the kernel does as
// they say is seen by `npm run bench -- trials`, which wants root.
import assert from 'node:assert/strict';
import test from 'node:test';
import { besidePorts, tableOf, type Way } from './cut.ts';

const node = { pids: [], ports: [5432] };

function check(way: Way, hooks: readonly string[], rules: readonly string[]): void {
  const text = tableOf('x', { ...node, way }, [40001]);
  const chains = [...text.matchAll(/chain (\w+)/g)].map(([, hook]) => hook);
  assert.deepEqual(chains, hooks);
  for (const rule of rules) assert.ok(text.includes(`${rule} drop\n`), `${rule} in:\n${text}`);
  assert.equal(text.split(' drop\n').length - 1, 3 * hooks.length);
}

const leaving = ['tcp sport { 5432 }', 'tcp sport { 40001 }'];
const arriving = ['tcp dport { 5432 }', 'tcp dport { 40001 }'];

test('each way cuts what it says, and no more', () => {
  check('nothing leaves it', ['output'], leaving);
  check('nothing reaches it', ['input'], arriving);
  check('both ways', ['output', 'input'], [...leaving, ...arriving]);
});

test('what is opened during the cut is cut as well', () => {
  const rule = 'socket cgroupv2 level 1 "x" drop';
  assert.equal(tableOf('x', { ...node, way: 'both ways' }, []).split(rule).length - 1, 2);
});

test('who sits beside the node passes before anything is dropped', () => {
  const { first, last } = besidePorts;
  for (const chain of tableOf('x', { ...node, way: 'both ways' }, [40001])
    .split('chain ')
    .slice(1)) {
    for (const side of ['sport', 'dport']) {
      const at = chain.indexOf(`tcp ${side} ${first}-${last} accept`);
      assert.ok(at > 0 && at < chain.indexOf('drop'));
    }
  }
});

test('a cut from one port only leaves every other way open', () => {
  const text = tableOf('x', { pids: [], ports: [], from: 6000, way: 'both ways' }, [40001]);
  for (const line of text.split('\n').filter((one) => one.endsWith(' drop'))) assert.match(line, /^tcp [sd]port 6000 /);
});
