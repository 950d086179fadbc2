// The small readers of `hale init`, by tables: command lines, durations, environment values, source text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortComposeEnvironment } from './compose-environment.ts';
import { composeReady, durationText } from './compose-health.ts';
import { draftName, sortEnv } from './draft.ts';
import { programOf, splitCommandLine } from './program.ts';
import { sourceOf } from './source-text.ts';

const table: readonly (readonly [string, unknown, unknown])[] = [
  ['plain words', splitCommandLine('node a.js --x'), { env: {}, argv: ['node', 'a.js', '--x'] }],
  ['assignments first', splitCommandLine('cross-env A=1 B= node a'), { env: { A: '1', B: '' }, argv: ['node', 'a'] }],
  ['quotes', splitCommandLine(`node -e "a b" 'c d'`), { env: {}, argv: ['node', '-e', 'a b', 'c d'] }],
  ['a pipe needs a shell', splitCommandLine('a | b'), undefined],
  ['so does a variable', splitCommandLine('node "$X"'), undefined],
  ['and an open quote', splitCommandLine(`node 'a`), undefined],
  ['nothing', splitCommandLine('  '), undefined],
  ['watchers are taken off', programOf(['tsx', 'watch', 'a.ts'], '/nowhere', ''), { command: ['npx', 'tsx', 'a.ts'] }],
  ['nodemon is node', programOf(['nodemon', 'a.js'], '/nowhere', ''), { command: ['node', 'a.js'] }],
  ['1m30s', durationText('1m30s'), '90s'],
  ['too short for a probe', durationText('1ms'), '100ms'],
  ['no duration', durationText('soon'), undefined],
  ['a scoped name', draftName('@me/orderService'), 'order-service'],
  ['the reserved name', draftName('gateway'), 'gateway-service'],
  [
    'a password in an address is a secret',
    sortEnv({ URL: 'amqp://a:b@c' }).env,
    { URL: { kind: 'secret', name: 'URL' } },
  ],
  ["PORT is Hale's", sortEnv({ PORT: '80', A: 1 }), { env: { A: '1' }, secrets: {}, port: 80 }],
  ['quotes in source', sourceOf(`it's`), `"it's"`],
  ['odd keys in source', sourceOf({ 'a-b': [1, true], c: undefined }), `{ 'a-b': [1, true] }`],
  [
    'references in source',
    sourceOf([
      { kind: 'env', name: 'A', fallback: '' },
      { kind: 'secret', name: 'B' },
    ]),
    `[env('A', ''), secret('B')]`,
  ],
];

for (const [what, actual, expected] of table) test(`init: ${what}`, () => assert.deepEqual(actual, expected));

const health: readonly (readonly [unknown, unknown])[] = [
  [{ test: ['CMD-SHELL', 'wget -qO- http://127.0.0.1:80/up || exit 1'] }, { http: '/up' }],
  [{ test: 'curl -f http://localhost:3000' }, { http: '/' }],
  [{ test: ['CMD', 'bin/check', '--fast'] }, { exec: ['bin/check', '--fast'] }],
  [
    { test: ['CMD-SHELL', 'a && b'], timeout: '2s' },
    { exec: ['sh', '-c', 'a && b'], timeout: '2s' },
  ],
  [{ test: ['NONE'] }, undefined],
  [{ disable: true }, undefined],
];

for (const [given, expected] of health) {
  test(`init: the healthcheck ${JSON.stringify(given)}`, () =>
    assert.deepEqual(
      composeReady(given, () => undefined),
      expected,
    ));
}

test('init: variables of Compose', () => {
  const dollar = '$';
  const missed: string[] = [];
  const neighbours = new Map([['pay', { kind: 'service', name: 'pay' } as const]]);
  const sorted = sortComposeEnvironment(
    ['A=1', 'B', `C=${dollar}{X-y}`, 'D=$$5', 'E=http://pay:3000/x', 'F=a$X'],
    neighbours,
    (what) => missed.push(what),
  );
  assert.deepEqual(sorted.env, {
    A: '1',
    B: { kind: 'env', name: 'B' },
    C: { kind: 'env', name: 'X', fallback: 'y' },
    D: '$5',
  });
  assert.deepEqual([sorted.speaksTo, missed], [['pay'], ['E', 'F']]);
});
