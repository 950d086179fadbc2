// What each kind of error means for a transaction, told by examples as pg gives them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCommitUnknown, isReadOnlyRefusal, verdictOf } from './verdict.ts';

const server = (code: string, severity = 'ERROR') => Object.assign(new Error('said'), { code, severity });
const wrapped = (error: Error) =>
  new Error('the library says', { cause: new Error('its driver says', { cause: error }) });

function check(name: string, error: unknown, expected: { readonly verdict: string; readonly unknown: boolean }): void {
  test(name, () => assert.deepEqual({ verdict: verdictOf(error), unknown: isCommitUnknown(error) }, expected));
}

check('a conflict passes', server('40001'), { verdict: 'again', unknown: false });
check('a deadlock passes', server('40P01'), { verdict: 'again', unknown: false });
check('a conflict inside of what a library throws', wrapped(server('40001')), { verdict: 'again', unknown: false });
check('no connection to spare, said at the door', server('53300', 'FATAL'), { verdict: 'again', unknown: true });
check('a key that is there already', server('23505'), { verdict: 'final', unknown: false });
check('a deferred constraint at the commit', server('23503'), { verdict: 'final', unknown: false });
check('a shutdown', server('57P01', 'FATAL'), { verdict: 'line', unknown: true });
check('a panic: the disk is full', server('53100', 'PANIC'), { verdict: 'line', unknown: true });
check('a wrong password', server('28P01', 'FATAL'), { verdict: 'final', unknown: true });
check('not ready', server('57P03', 'FATAL'), { verdict: 'line', unknown: true });
check('silence', new Error('Connection terminated unexpectedly'), { verdict: 'line', unknown: true });
check('silence inside of what a library throws', wrapped(new Error('Connection terminated')), {
  ...{ verdict: 'line', unknown: true },
});
check('a reset', Object.assign(new Error('read'), { code: 'ECONNRESET' }), { verdict: 'line', unknown: true });
check("the work's own error", new TypeError('x is not a function'), { verdict: 'final', unknown: true });

test('a write that met a standby', () => {
  assert.equal(isReadOnlyRefusal(server('25006')), true);
  assert.equal(verdictOf(server('25006')), 'final');
});
