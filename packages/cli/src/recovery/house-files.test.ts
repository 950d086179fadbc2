// What goes into the house and what never does: programs and what they import come in; secrets, stores and what npm makes again
// stay out; too much is refused with the names of the largest.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { buildGateway, buildService, buildSystem } from '@hale/model/testing';
import { collectHouse } from './house-files.ts';

const root = mkdtempSync(join(tmpdir(), 'hale-house-'));
after(() => rmSync(root, { recursive: true, force: true }));
const write = (path: string, text = path) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

const canary = 'canary-5f1c9';
write('hale.config.ts', "import { limits } from './lib/limits.ts';");
write('lib/limits.ts', "import './deeper.ts'; import '../../elsewhere.ts';");
write('lib/deeper.ts');
write('lib/unused.ts');
write('services/web.ts');
write('services/data/cities.json');
write('services/.env', `KEY=${canary}`);
write('services/web.pem');
write('services/secrets.ts', 'export const read = 1;');
write('services/notes.txt', `do not forget: ${canary}`);
write('services/node_modules/x/index.js');
write('services/vault/shop/db/cluster.json');
write('services/films/big.bin', 'x'.repeat(5_000));
write('py/payments.py');
write('package-lock.json');
write('.hale/secrets.env', `KEY=${canary}`);
write('README.md');
symlinkSync('/etc/passwd', join(root, 'services', 'link.txt'));

const spec = {
  ...buildSystem({
    gateway: buildGateway({}),
    services: [
      buildService({ name: 'web', program: { kind: 'module', file: join(root, 'services/web.ts') }, cwd: root }),
      buildService({ name: 'pay', program: { kind: 'command', argv: ['python3', 'py/payments.py'] }, cwd: root }),
    ],
  }),
  root,
  backups: { db: { url: 'file:services/vault', keepMs: 1, everyMs: 1, proveMs: 1, pitr: true, synchronous: false } },
};
const wish = { spec, config: join(root, 'hale.config.ts'), secrets: [canary] };

test('programs, what they import, and what npm needs', () => {
  const { files, leftOut } = collectHouse(wish);
  assert.deepEqual(
    files.map(({ path }) => path),
    [
      ...['hale.config.ts', 'lib/deeper.ts', 'lib/limits.ts', 'package-lock.json', 'py/payments.py'],
      ...['services/data/cities.json', 'services/films/big.bin', 'services/secrets.ts', 'services/web.ts'],
    ],
  );
  assert.ok(files.every(({ content }) => !content.includes(canary)));
  const why = Object.fromEntries(leftOut.map((one) => [one.path, one.why]));
  assert.match(why['services/.env'] ?? '', /secret/);
  assert.match(why['services/web.pem'] ?? '', /secret/);
  assert.match(why['services/notes.txt'] ?? '', /value of a secret/);
  assert.match(why['services/vault'] ?? '', /store/);
  assert.match(why['services/link.txt'] ?? '', /link/);
});

test('too much is refused, with what to leave out; .haleignore leaves it out', () => {
  assert.throws(() => collectHouse({ ...wish, bytesMax: 4_000 }), {
    code: 'HALE_CLI_HOUSE_TOO_LARGE',
    message: /services\/ 5\.\d/,
    hint: /\.haleignore/,
  });
  write('.haleignore', '# large\nfilms\nservices/data/\n');
  const { files, leftOut } = collectHouse({ ...wish, bytesMax: 4_000 });
  assert.ok(files.every(({ path }) => !/films|cities/.test(path)));
  assert.ok(leftOut.some(({ path, why }) => path === 'services/films' && /haleignore/.test(why)));
});
