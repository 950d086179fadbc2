// The key of services: the same each time, another for another superuser's password, and neither stands in what a server is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRoleText, servicePassword, serviceVerifier } from './service-role.ts';

test('it follows from the superuser’s password, and from nothing else', () => {
  assert.equal(servicePassword('one'), servicePassword('one'));
  assert.notEqual(servicePassword('one'), servicePassword('two'));
  const verifier = serviceVerifier('one');
  assert.match(verifier, /^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/);
  assert.notEqual(serviceVerifier('two'), verifier);
  assert.equal(serviceVerifier('one'), verifier);
});

test('a statement tells no password (INV-12)', () => {
  const text = createRoleText('sesame');
  assert.ok(!text.includes('\n') && !text.includes('sesame') && !text.includes(servicePassword('sesame')));
});
