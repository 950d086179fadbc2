// The kernel's witness, sample by sample.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addStuck, type ThreadSample } from './stuck.ts';

const start: ThreadSample = { atMs: 0, state: 'R', cpuMs: 0, starvedMs: 0, timeslices: 5, switches: 3 };
const after = (over: Partial<ThreadSample>): ThreadSample => ({ ...start, atMs: 250, ...over });

const table: readonly [what: string, next: ThreadSample, expected: number][] = [
  ['burns without pause', after({ cpuMs: 250 }), 1250],
  ['burns, and a debugger halted it once', after({ cpuMs: 250, switches: 4 }), 1250],
  ['burns, and pauses by itself', after({ cpuMs: 250, switches: 8 }), 0],
  ['waits for a core, not in the books yet', after({ cpuMs: 0 }), 1000],
  ['sleeps and was not woken', after({ state: 'S' }), 1250],
  ['waits for the disk', after({ state: 'D' }), 1250],
  ['was woken meanwhile', after({ state: 'S', timeslices: 6, switches: 4 }), 0],
  ['wants to run and is not let', after({ starvedMs: 250 }), 1000],
  ['burns a little where it is let', after({ cpuMs: 60, starvedMs: 190, timeslices: 9 }), 1060],
  ['nobody counted its pauses', after({ cpuMs: 250, switches: undefined }), 0],
  ['the machine slept for an hour', after({ atMs: 3_600_000, state: 'S' }), 1500],
];
for (const [what, next, expected] of table)
  test(`a main thread that ${what}`, () => assert.equal(addStuck(1000, start, next), expected));

test('the first look adds nothing', () => assert.equal(addStuck(0, undefined, start), 0));
