// When silence is silence: never for one that answers an ask, never for what we did not listen to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedInVain, excused, heardNow, mustAsk, type Reach } from './reach.ts';

const limits = { silentMs: 8_000 };

/** What happens at which second: '.' nothing, 'h' something is heard, '-' an ask came back with nothing, 's' we stood still. */
function play(story: string): Reach {
  let reach = heardNow(0);
  for (const [second, what] of [...story].entries()) {
    const nowMs = second * 1_000;
    if (what === 'h') reach = heardNow(nowMs);
    if (what === '-') reach = askedInVain(reach, nowMs, limits);
    if (what === 's') reach = excused(reach, nowMs);
  }
  return reach;
}

test('it is silent after eight seconds and three asks in vain, and until it is heard', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['', false],
    // For minutes nothing but the answers to asks: a long question over a good wire.
    ['..h'.repeat(60), false],
    ['....-.-.', false],
    ['....-.-.-', true],
    // Long enough, asked too seldom.
    ['.............-.-', false],
    ['....-.-h-', false],
    ['....-.-.-........', true],
    ['....-.-.-h', false],
    // What was not listened to does not count; what is known stays known.
    ['....-.-s-', false],
    ['....-.-.-s', true],
  ];
  for (const [story, isSilent] of cases) assert.equal(play(story).isSilent, isSilent, story);
});

test('it is asked after two seconds of nothing, at once again where that was in vain, and for as long as it is silent', () => {
  const cases: readonly (readonly [string, number, boolean])[] = [
    ['h', 1_999, false],
    ['h', 2_000, true],
    ['h-', 1_100, true],
    ['h-h', 2_100, false],
    ['....-.-.-s', 9_000, true],
  ];
  for (const [story, nowMs, asks] of cases) assert.equal(mustAsk(play(story), nowMs, limits), asks, story);
});
