// The drill language: what can be read, and what is said about what cannot.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDrill } from './parse.ts';

test('reads every word of the language', () => {
  const { value, problems } = parseDrill(`
    drill all          # a comment
    about everything there is
    system shop
    load 500/s
    watch for 2m
    at 3s kill orders/1 SIGTERM
    at 3s exit orders/1 code 3
    at 4s stop gateway/0
    at 4s block orders/2 for 10s
    at 5s kill every payments
    at 5s kill control
    at 6s kill keeper
    at 7s crash-loop orders/? for 20s
    at 7s slow-start orders/2 for 20s
    at 7s bad-probe all for 20s
    at 8s restart orders
    at 9s kill primary of db
    at 9s stop primary of db
    at 9s kill primary and standby of db
    expect failed-over within 5s
    expect healed within 5s
    expect failed 0`);
  assert.deepEqual(problems, []);
  assert.equal(value?.loadPerSecond, 500);
  assert.equal(value?.forMs, 120_000);
  const kinds = 'kill exit stop block kill-every kill-control kill-keeper crash-loop slow-start bad-probe restart';
  const strikes = ' strike-primary strike-primary strike-primary';
  assert.equal(value?.actions.map((one) => one.action.kind).join(' '), kinds + strikes);
});

function check(text: string, ...messages: readonly RegExp[]): void {
  const { value, problems } = parseDrill(text);
  assert.equal(value, undefined);
  assert.equal(problems.length, messages.length, problems.map((one) => one.message).join('\n'));
  messages.forEach((message, index) => {
    assert.match(problems[index]?.message ?? '', message);
    assert.ok((problems[index]?.hint ?? '') !== '');
  });
}

test('tells all problems at once, with their lines', () => {
  check(
    'drill x\nat noon kill orders/1\nat 3s eat orders/1\nexpect wonders\ndance\nload much',
    /line 2: 'noon' is not a time/,
    /line 3: 'eat orders\/1' cannot be done/,
    /line 4: 'wonders' cannot be expected/,
    /line 5: 'dance' is not a word/,
    /line 6: the load/,
    /nothing happens/,
    /nothing is expected/,
  );
  check('', /no name/, /nothing happens/, /nothing is expected/);
});
