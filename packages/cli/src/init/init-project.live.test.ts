// Whole repositories, made in temporary folders: what is written must compile (tsc) and be read back without an error, and
// what was not mapped must be said.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../config/load-config.ts';
import { initProject } from './init-project.ts';

const base = mkdtempSync(join(tmpdir(), 'hale-init-'));
after(() => rmSync(base, { recursive: true, force: true }));

let count = 0;
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = join(base, `repo-${count++}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const server = `import { createServer } from 'node:http';\ncreateServer().listen(process.env.PORT);\n`;
const json = (value: object) => JSON.stringify(value, null, 2);

const pm2 = folderOf({
  'ecosystem.config.cjs': `module.exports = { apps: [
    { name: 'webApp', script: 'web.js', instances: 2, exec_mode: 'cluster', env: { PORT: 3000, NODE_ENV: 'production', API_TOKEN: 'canary-123' }, max_memory_restart: '300M', kill_timeout: 5000 },
    { name: 'api', script: './dist/api.js', cwd: './api', env: { PORT: 3001 }, cron_restart: '0 0 * * *' },
    { name: 'mailer', script: 'mailer.py', interpreter: 'python3', args: '--once a' },
    { name: 'jobs', script: 'jobs.mjs' },
    { name: 'old', script: 'old.js', instances: 'max' },
    { name: 'npmed', script: 'npm', args: 'run serve' },
    { name: 'outside', script: 'x.js', cwd: '/somewhere/else' },
  ], deploy: { production: {} } };`,
  'package.json': json({ name: '@me/The Shop', scripts: { serve: 'PORT=4000 node web.js' } }),
  'web.js': `require('node:http').createServer().listen(process.env.PORT);`,
  'api/package.json': '{}',
  'mailer.py': 'print(1)',
  'jobs.mjs': 'setInterval(() => {}, 1000);',
  'old.js': `require('node:http').createServer().listen(5000);`,
  '.gitignore': 'node_modules',
});

const compose = folderOf({
  'compose.yaml': `
x-shared: &shared
  stop_grace_period: 1m30s
services:
  web:
    <<: *shared
    build: ./web
    ports: ['9000:3000', '9229:9229']
    environment:
      - PORT=3000
      - ORDERS_URL=http://orders:3000
      - MODE=\${MODE:-fast}
      - MIXED=a-\${B}-c
    depends_on: [orders, cache]
    healthcheck:
      test: ['CMD', 'curl', '-f', 'http://localhost:3000/healthz']
      interval: 5s
      retries: 4
  orders:
    build: { context: ./orders }
    environment: { PORT: 3000, DATABASE_URL: 'postgres://shop:canary-pw@db:5432/shop', STRIPE_API_KEY: canary-key, LOG: }
    env_file: orders.env
    deploy: { replicas: 3, resources: { limits: { memory: 256M } } }
    depends_on: { db: { condition: service_healthy } }
    volumes: ['./data:/data']
  worker:
    build: ./worker
    command: ['node', '/app/worker.js', '--fast']
  db:
    image: postgres:16
    environment: { POSTGRES_DB: shop, POSTGRES_PASSWORD: canary-pw }
    volumes: ['pg:/var/lib/postgresql/data']
  cache:
    image: redis:7
  ghost:
    build: ./nowhere
`,
  'web/package.json': json({ name: 'web', type: 'module', scripts: { start: 'node server.js' } }),
  'web/server.js': server,
  'orders/Dockerfile':
    'FROM node:24 AS build\nCMD ["npm", "test"]\nFROM node:24\nWORKDIR /app\nCMD ["node", "/app/main.ts"]\n',
  'orders/main.ts': server,
  'orders.env': 'A=1\n',
  'worker/worker.js': 'setInterval(() => {}, 1000)',
});

const workspaces = folderOf({
  'package.json': json({ name: 'mono', private: true, workspaces: ['apps/*', '!apps/skipped'] }),
  'pnpm-workspace.yaml': 'packages:\n  - services/*\n',
  'apps/web/package.json': json({ name: '@mono/web', scripts: { dev: 'next dev', build: 'next build' } }),
  'apps/skipped/package.json': json({ name: 'skipped', scripts: { start: 'node x.js' } }),
  'services/api/package.json': json({ name: '@mono/api', type: 'module', scripts: { start: 'tsx watch src/main.ts' } }),
  'services/api/src/main.ts': server,
  'services/enumed/package.json': json({ name: 'enumed', scripts: { start: 'node main.ts' } }),
  'services/enumed/main.ts': `enum A { B }\n${server}`,
  'services/shelled/package.json': json({ name: 'shelled', scripts: { start: 'npm run build && node x.js' } }),
  'services/lib/package.json': json({ name: 'lib', main: 'index.js' }),
  'services/lib/index.js': 'export const x = 1;',
  'services/gateway/package.json': json({ name: 'gateway', main: 'index.js' }),
  'services/gateway/index.js': server,
});

const repository = fileURLToPath(new URL('../../../..', import.meta.url));

test('what init writes is read back without an error, and compiles', async () => {
  for (const folder of [pm2, compose, workspaces]) {
    const result = await initProject(folder);
    assert.equal(result.kind, 'mapped');
    const { value, problems } = await loadConfig(folder, { id: 'id' });
    assert.ok(value, JSON.stringify(problems));
    assert.doesNotMatch(readFileSync(join(folder, 'hale.config.ts'), 'utf8'), /canary/, 'INV-12');
  }
  // The compiler finds the package where an install would have put it.
  mkdirSync(join(base, 'node_modules', '@types'), { recursive: true });
  symlinkSync(join(repository, 'packages/cli'), join(base, 'node_modules/hale'));
  symlinkSync(join(repository, 'node_modules/@types/node'), join(base, 'node_modules/@types/node'));
  writeFileSync(join(base, 'package.json'), '{ "type": "module" }');
  const options = JSON.parse(readFileSync(join(repository, 'tsconfig.json'), 'utf8')) as { compilerOptions: object };
  // A CommonJS package that insists on verbatim syntax can hold no `import` at all, so none does.
  const compilerOptions = { ...options.compilerOptions, verbatimModuleSyntax: false };
  const files = [pm2, compose, workspaces].map((folder) => join(folder, 'hale.config.ts'));
  writeFileSync(join(base, 'tsconfig.json'), json({ compilerOptions, files }));
  const tsc = spawnSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', base], {
    encoding: 'utf8',
  });
  assert.equal(tsc.status, 0, tsc.stdout + tsc.stderr);
});

const read = async (folder: string) => {
  const { value } = await loadConfig(folder, { id: 'id' });
  assert.ok(value);
  return value;
};

test('PM2: instances, ports, memory, interpreters and secrets', async () => {
  const result = await initProject(pm2, { force: true });
  const spec = await read(pm2);
  assert.equal(spec.name, 'the-shop');
  assert.deepEqual(Object.keys(spec.services).sort(), ['api', 'jobs', 'mailer', 'npmed', 'old', 'web-app']);
  const web = spec.services['web-app'];
  assert.deepEqual([web?.replicas, web?.port, web?.limits.memoryBytes, web?.grace.stopMs], [2, undefined, 300e6, 5000]);
  assert.deepEqual(web?.env['API_TOKEN'], { kind: 'secret', name: 'API_TOKEN' });
  assert.deepEqual([spec.gateway?.port, spec.gateway?.routes], [3000, [{ prefix: '/', service: 'web-app' }]]);
  assert.deepEqual([spec.services['api']?.port, spec.services['api']?.cwd], [3001, join(pm2, 'api')]);
  assert.deepEqual(spec.services['mailer']?.program, {
    kind: 'command',
    argv: ['python3', 'mailer.py', '--once', 'a'],
  });
  assert.equal(spec.services['jobs']?.probes.startup.check.kind, 'alive');
  assert.deepEqual([spec.services['old']?.port, spec.services['old']?.replicas], [5000, 1]);
  assert.equal(spec.services['npmed']?.program.kind, 'module', 'no npm between Hale and the program');
  assert.equal(readFileSync(join(pm2, '.hale/secrets.env'), 'utf8'), 'API_TOKEN=canary-123\n');
  assert.equal(statSync(join(pm2, '.hale/secrets.env')).mode & 0o777, 0o600);
  assert.equal(readFileSync(join(pm2, '.gitignore'), 'utf8'), 'node_modules\n.hale/\n');
  const missed = result.unmapped.map(({ what }) => what);
  for (const what of ['api: cron_restart', 'outside: app', 'deploy', 'old: instances: max'])
    assert.ok(missed.includes(what), missed.join());
});

test('Compose: builds, a database, health, addresses and what stays with Compose', async () => {
  const result = await initProject(compose, { force: true });
  const spec = await read(compose);
  assert.deepEqual(Object.keys(spec.services).sort(), ['orders', 'web', 'worker']);
  assert.deepEqual(spec.resources['db'], { kind: 'postgres', name: 'db', database: 'shop', port: undefined });
  const { web, orders, worker } = spec.services;
  assert.deepEqual([web?.uses, web?.port, spec.gateway?.port], [['orders'], undefined, 9000]);
  assert.deepEqual(web?.env, { MODE: { kind: 'env', name: 'MODE', fallback: 'fast' } });
  assert.deepEqual(
    [web?.probes.ready?.check, web?.probes.ready?.everyMs.steady, web?.probes.ready?.failures],
    [{ kind: 'http', path: '/healthz' }, 5000, 4],
  );
  assert.equal(web?.grace.stopMs, 90_000);
  assert.deepEqual([orders?.uses, orders?.replicas, orders?.limits.memoryBytes], [['db'], 3, 256 * 1024 ** 2]);
  assert.deepEqual(orders?.program, { kind: 'module', file: join(compose, 'orders/main.ts') });
  assert.deepEqual(Object.keys(orders?.env ?? {}).sort(), ['LOG', 'STRIPE_API_KEY']);
  assert.equal(orders?.envFile, join(compose, 'orders.env'));
  assert.deepEqual(worker?.program, { kind: 'command', argv: ['node', 'worker.js', '--fast'] });
  const why = Object.fromEntries(result.unmapped.map(({ what, why }) => [what, why]));
  assert.match(why['cache'] ?? '', /image redis:7.*not containers/);
  assert.match(why['web: ORDERS_URL'] ?? '', /HALE_URL_ORDERS/);
  assert.match(why['orders: DATABASE_URL'] ?? '', /DATABASE_URL/);
  assert.match(why['ghost: build'] ?? '', /no folder nowhere/);
  assert.match(why['db: volumes'] ?? '', /pg_dump/);
  for (const what of ['web: MIXED', 'web: ports', 'orders: volumes']) assert.ok(what in why, JSON.stringify(why));
});

test('workspaces: programs become services, libraries do not', async () => {
  const result = await initProject(workspaces, { force: true });
  const spec = await read(workspaces);
  assert.deepEqual(Object.keys(spec.services).sort(), ['api', 'enumed', 'gateway-service', 'shelled', 'web']);
  assert.deepEqual(spec.services['web']?.program, { kind: 'command', argv: ['npx', 'next', 'dev'] });
  assert.deepEqual(spec.services['api']?.program, { kind: 'command', argv: ['npx', 'tsx', 'src/main.ts'] });
  assert.deepEqual(spec.services['enumed']?.program, { kind: 'command', argv: ['npx', 'tsx', 'main.ts'] });
  assert.deepEqual(spec.services['shelled']?.program, { kind: 'command', argv: ['npm', 'run', 'start'] });
  assert.ok(result.unmapped.some(({ what, why }) => what === 'enumed: run' && why.includes('enum')));
});

test('a declaration that is there is not written over', async () => {
  const folder = folderOf({ 'hale.config.ts': '// mine', 'package.json': json({ scripts: { start: 'node x.js' } }) });
  await assert.rejects(initProject(folder), { code: 'HALE_CLI_USAGE', hint: /--force/ });
  assert.equal(readFileSync(join(folder, 'hale.config.ts'), 'utf8'), '// mine');
});

test('a broken Compose or PM2 file is said, and the rest is mapped', async () => {
  const folder = folderOf({
    'compose.yaml': 'services: [\n',
    'ecosystem.config.js': 'throw new Error("boom")',
    'package.json': json({ name: 'x', scripts: { start: 'node x.js' } }),
    'x.js': server,
  });
  const result = await initProject(folder);
  assert.deepEqual(result.mapped, [{ name: 'x', from: 'package.json' }]);
  assert.deepEqual(
    result.unmapped.map(({ from }) => from),
    ['ecosystem.config.js', 'compose.yaml'],
  );
});

test('in a package that says it is CommonJS, what is written may still import', async () => {
  const folder = folderOf({ 'package.json': json({ type: 'commonjs', dependencies: { hale: '*' } }) });
  const result = await initProject(folder);
  assert.deepEqual(result.written, ['hale.config.mts', 'services/web.mts', 'services/greeter.mts']);
  assert.equal(result.next[0], 'npm install');
  await read(folder);
});

test('files of an example are not written over', async () => {
  const folder = folderOf({ 'services/web.ts': '// mine' });
  await assert.rejects(initProject(folder), { code: 'HALE_CLI_USAGE' });
  assert.ok(!existsSync(join(folder, 'hale.config.ts')));
});

test('an empty folder gets a small system whose programs run', async () => {
  const folder = join(base, 'My First System');
  const result = await initProject(folder);
  assert.deepEqual([result.kind, result.name], ['fresh', 'my-first-system']);
  assert.deepEqual([...result.written].sort(), [
    'hale.config.ts',
    'package.json',
    'services/greeter.ts',
    'services/web.ts',
  ]);
  const spec = await read(folder);
  assert.deepEqual(Object.keys(spec.services), ['web', 'greeter']);
  const [greeterPort, webPort] = [await freePort(), await freePort()];
  const greeter = start(join(folder, 'services/greeter.ts'), { PORT: String(greeterPort) });
  const web = start(join(folder, 'services/web.ts'), {
    PORT: String(webPort),
    HALE_URL_GREETER: `http://127.0.0.1:${greeterPort}`,
  });
  try {
    const body = await answerOf(`http://127.0.0.1:${webPort}/`, /Hello from greeter \d+ \(by web \d+\)/);
    assert.match(body, /Hello/);
  } finally {
    await Promise.all([greeter.stop(), web.stop()]);
  }
});

function start(file: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [file], { env: { PATH: process.env['PATH'], ...env }, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    stop: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

async function answerOf(url: string, wanted: RegExp): Promise<string> {
  let last = '';
  for (let tries = 0; tries < 200; tries++) {
    last = await fetch(url).then((answer) => answer.text(), String);
    if (wanted.test(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no answer: ${last}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
