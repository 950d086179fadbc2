// Whose hands: which account is picked, and how a command line is dressed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dressed, identityOf, pickAccount } from './run-as.ts';

const passwd: { text: string; name: string | undefined }[] = [
  {
    text: 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nnobody:x:65534:65534::/:/bin/false',
    name: 'nobody',
  },
  {
    text: 'root:x:0:0::/:/bin/sh\nnobody:x:99:99::/:/x\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n',
    name: 'postgres',
  },
  { text: 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh', name: 'ann' },
  { text: 'root:x:0:0::/root:/bin/sh', name: undefined },
  { text: '', name: undefined },
];
for (const { text, name } of passwd) {
  test(`the engine is run as ${name ?? 'nobody at all'}`, () => assert.equal(pickAccount(text)?.name, name));
}

test('a namespace goes before the program; a user is told to spawn', () => {
  const namespace = { kind: 'namespace', prefix: ['unshare', '--'] } as const;
  assert.deepEqual(dressed(namespace, ['postgres', '-D', 'x']), ['unshare', '--', 'postgres', '-D', 'x']);
  assert.deepEqual(identityOf(namespace), {});
  const user = { kind: 'user', uid: 5, gid: 6, name: 'pg' } as const;
  assert.deepEqual(dressed(user, ['postgres']), ['postgres']);
  assert.deepEqual(identityOf(user), { uid: 5, gid: 6 });
});
