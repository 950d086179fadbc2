// Real files, real evaluation: every way in which a declaration can be wrong gives one clear line, and hangs nobody.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from './load-config.ts';

const base = mkdtempSync(join(tmpdir(), 'hale-config-'));
after(() => rmSync(base, { recursive: true, force: true }));

const imports = `import { defineSystem, env, postgres, secret, service } from 'hale';\n`;
const orders = `service({ run: 'orders.ts' })`;
const system = (services: string, more = '') =>
  `${imports}export default defineSystem({\n  name: 'shop',\n  services: {\n    ${services},\n  },\n  ${more}\n});\n`;

let count = 0;
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = join(base, String(count++));
  for (const [name, text] of Object.entries({ 'orders.ts': 'export const x: number = 1;\n', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const load = (folder: string, withinMs = 10_000) =>
  loadConfig(folder, { id: 'id', withinMs, environment: { PATH: process.env['PATH'] } });

interface Row {
  readonly what: string;
  readonly config: string;
  readonly files?: Readonly<Record<string, string>>;
  /** path, line, words of message and hint */
  readonly expected: readonly [string, number | undefined, ...string[]];
  readonly withinMs?: number;
}

const table: readonly Row[] = [
  { what: 'throws', config: `${imports}\nthrow new Error('boom');`, expected: ['', 3, 'threw Error: boom'] },
  { what: 'throws a text', config: `throw 'boom';`, expected: ['', undefined, 'boom'] },
  {
    what: 'has no default export',
    config: `export const system = 1;`,
    expected: ['', undefined, 'no default export', 'export default system'],
  },
  { what: 'is not valid', config: `export default {\n  a: };`, expected: ['', 2, 'not valid'] },
  {
    what: 'has an enum',
    config: `const a = 1;\nenum A { B }\nexport default {};`,
    expected: ['', 2, 'enum is not supported', 'union'],
  },
  {
    what: 'has a certificate that is none',
    config: system(
      `orders: ${orders}`,
      `gateway: { routes: { '/': 'orders' }, tls: { cert: 'a.crt', key: 'a.key' } },`,
    ),
    files: { 'a.crt': 'no certificate', 'a.key': 'no key' },
    expected: ['gateway.tls', 7, 'HALE_PLATFORM_GATEWAY_TLS', 'openssl x509'],
  },
  {
    what: 'names a folder without a PostgreSQL',
    config: system(`orders: ${orders}`, `resources: { db: postgres({ bin: 'pg' }) },`),
    expected: ['resources.db.bin', 7, 'HALE_PLATFORM_POSTGRES_BIN', 'pg/initdb is missing', '/usr/lib/postgresql'],
  },
  {
    what: 'would run another version on the data',
    config: system(`orders: ${orders}`, `resources: { db: postgres() },`),
    files: { '.hale/data/db/pgdata/PG_VERSION': '12\n' },
    expected: ['resources.db', 7, 'was made by PostgreSQL 12', 'nothing was touched', 'bin'],
  },
  {
    what: 'imports what is not installed',
    config: `import x from 'no-such-package-here';\nexport default x;`,
    expected: ['', undefined, 'Cannot find package', 'npm install no-such-package-here'],
  },
  {
    what: 'imports a resource of a later version',
    config: `import { rabbitmq } from 'hale';\nexport default rabbitmq();`,
    expected: ['', 1, 'has no rabbitmq()', 'defineSystem, service'],
  },
  {
    what: 'imports in a CommonJS package',
    config: system(`orders: ${orders}`),
    files: { 'package.json': '{ "type": "commonjs" }', 'orders.ts': '' },
    expected: ['', 1, 'CommonJS', 'mv hale.config.ts hale.config.mts'],
  },
  {
    what: 'never ends',
    config: `while (true);`,
    withinMs: 1500,
    expected: ['', undefined, 'longer than', 'only describes'],
  },
  { what: 'exits', config: `process.exit(3);`, expected: ['', undefined, 'code 3', 'only describes'] },
  {
    what: 'has a function in it',
    config: system(`orders: service({ run: 'orders.ts', env: { A: (() => 1) as never } })`),
    expected: ['services.orders.env.A', 5, 'a function cannot stand'],
  },
  {
    what: 'misspells a name',
    config: system(`orders: ${orders},\n    web: service({ run: 'orders.ts', uses: ['ordres' as never] })`),
    expected: ['services.web.uses[0]', 6, "did you mean 'orders'?"],
  },
  {
    what: 'names a file that is not there',
    config: system(`orders: service({ run: 'order.ts' })`),
    expected: ['services.orders.run', 5, 'there is no file order.ts'],
  },
  {
    what: 'names a file with another ending',
    config: system(`orders: service({ run: 'orders.js' })`),
    expected: ['services.orders.run', 5, "did you mean 'orders.ts'?"],
  },
  {
    what: 'sees run from cwd',
    config: system(`orders: service({ cwd: 'sub', run: 'main.ts' })`),
    files: { 'sub/main.ts': '' },
    expected: ['services.orders.run', 5, "write 'sub/main.ts'"],
  },
  {
    what: 'runs a folder',
    config: system(`orders: service({ run: 'sub.ts' })`),
    files: { 'sub.ts/x': '' },
    expected: ['services.orders.run', 5, 'is a folder'],
  },
  {
    what: 'has no such cwd',
    config: system(`orders: service({ cwd: 'sub', command: ['node', 'x'] })`),
    expected: ['services.orders.cwd', 5, 'no folder sub'],
  },
  {
    what: 'has no such envFile',
    config: system(`orders: service({ run: 'orders.ts', envFile: '.env' })`),
    expected: ['services.orders.envFile', 5, 'no file .env', 'touch .env'],
  },
  {
    what: 'names no program',
    config: system(`orders: service({ command: ['./start.sh'] })`),
    expected: ['services.orders.command', 5, './start.sh does not exist', 'chmod +x'],
  },
  {
    what: 'runs an enum',
    config: system(`orders: ${orders}`),
    files: { 'orders.ts': 'let a = 1;\nenum A { B }\n' },
    expected: ['services.orders.run', 5, 'orders.ts:2', 'enum', "['npx', 'tsx', 'orders.ts']"],
  },
  {
    what: 'runs a decorator',
    config: system(`orders: ${orders}`),
    files: { 'orders.ts': 'export {};\n@sealed\nclass A {}\n' },
    expected: ['services.orders.run', 5, 'orders.ts:2', 'decorators', 'tsx'],
  },
  {
    what: 'runs a parameter property',
    config: system(`orders: ${orders}`),
    files: { 'orders.ts': 'class A { constructor(private x: number) {} }\n' },
    expected: ['services.orders.run', 5, 'parameter property', 'tsx'],
  },
];

for (const { what, config, files, expected, withinMs } of table) {
  test(`a config that ${what}`, async () => {
    const loaded = await load(folderOf({ ...files, 'hale.config.ts': config }), withinMs);
    assert.equal(loaded.value, undefined);
    const [problem, second] = loaded.problems;
    assert.equal(second, undefined, JSON.stringify(loaded.problems));
    const [path, line, ...words] = expected;
    assert.deepEqual([problem?.path, problem?.line], [path, line], JSON.stringify(problem));
    for (const word of words)
      assert.ok(`${problem?.message} / ${problem?.hint}`.includes(word), JSON.stringify(problem));
  });
}

test('a good config gives a system, wherever hale is installed, and is read anew each time', async () => {
  const folder = folderOf({ 'hale.config.ts': system(`orders: ${orders}`) });
  const first = await load(folder);
  assert.deepEqual(first.problems, []);
  assert.deepEqual(Object.keys(first.value?.services ?? {}), ['orders']);
  assert.equal(first.value?.root, folder);
  writeFileSync(join(folder, 'hale.config.ts'), system(`orders: ${orders}, web: ${orders}`));
  assert.deepEqual(Object.keys((await load(folder)).value?.services ?? {}), ['orders', 'web']);
});

test('missing programs on the PATH and variables that are not set are warnings', async () => {
  const services = `orders: service({ command: ['no-such-program-here'], env: { A: env('NOT_SET_HERE'), B: secret('NOR_THIS'), C: env('X', 'y') } })`;
  const { value, problems } = await load(
    folderOf({ 'hale.config.ts': system(services, `resources: { db: postgres({ url: secret('NOR_THAT') }) },`) }),
  );
  assert.notEqual(value, undefined);
  assert.deepEqual(
    problems.map(({ severity, path }) => [severity, path]),
    [
      ['warning', 'services.orders.command'],
      ['warning', 'services.orders.env.A'],
      ['warning', 'services.orders.env.B'],
      ['warning', 'resources.db.url'],
    ],
  );
});

test('a program that is not there is said together with other faults', async () => {
  const services = `orders: service({ run: 'gone.ts', replicas: 0 })`;
  const { problems } = await load(folderOf({ 'hale.config.ts': system(services) }));
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['services.orders.replicas', 'services.orders.run'],
  );
});

test('no config at all', async () => {
  const empty = await load(folderOf({}));
  assert.match(empty.problems[0]?.hint ?? '', /hale init/);
  assert.match((await load(join(base, 'nowhere'))).problems[0]?.message ?? '', /there is no/);
});

test('CommonJS programs with what modules may not do are no problem', async () => {
  const loaded = await load(
    folderOf({
      'hale.config.ts': system(`orders: ${orders}`),
      'orders.ts': 'let await: number = 1;\nmodule.exports = await;\n',
    }),
  );
  assert.deepEqual(loaded.problems, []);
});

test('an unreadable config', async () => {
  if (process.platform !== 'linux') return;
  // a file that exists and cannot be read even by root
  assert.match((await load('/proc/self/mem')).problems[0]?.message ?? '', /cannot be read \(E/);
});
