// The unpacking: what we would publish is packed, installed into an empty folder like a stranger would, and must there write a
// system, run it, heal it and leave nothing. The repository's own sources are not in reach of it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { IncidentView, SystemView } from '@hale/model';
import { repository } from './source.ts';

const run = promisify(execFile);
const withinMs = 60_000;
/** A registry that falls silent in the middle is asked again; npm itself would wait five minutes. */
const stallProof = [
  '--fetch-timeout=6000',
  '--fetch-retries=8',
  '--fetch-retry-mintimeout=500',
  '--fetch-retry-maxtimeout=2000',
];

interface Manifest {
  readonly version: string;
}

interface Stranger {
  readonly folder: string;
  /** Runs a program in the folder with nothing of this repository in its environment. */
  type(program: string, ...args: readonly string[]): Promise<string>;
}

function createStranger(): Stranger {
  const folder = mkdtempSync(join(tmpdir(), 'hale-release-'));
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|HALE_|INIT_CWD)/.test(name));
  const env = { ...Object.fromEntries(inherited), PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` };
  return {
    folder,
    type: async (program, ...args) =>
      (await run(program, args, { cwd: folder, env, maxBuffer: 64e6, timeout: withinMs * 4 })).stdout,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function processesOf(id: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HALE_SYSTEM=${id}`);
    } catch {
      return false;
    }
  });
}

describe('a release, installed by a stranger', { skip: process.platform !== 'linux' && 'reads /proc' }, () => {
  const stranger = createStranger();
  const { folder, type } = stranger;
  const hale = (...args: readonly string[]) => type('npx', 'hale', ...args);
  const view = async () => JSON.parse(await hale('ps', '--json')) as SystemView;
  const out = join(repository, 'release');

  before(async () => {
    await run(process.execPath, ['tools/release.ts', '--dry'], { cwd: repository });
    const tarballs = readdirSync(out).filter((name) => name.endsWith('.tgz'));
    assert.equal(tarballs.length, 3);
    await type(
      'npm',
      'install',
      '--prefer-offline',
      '--no-fund',
      ...stallProof,
      ...tarballs.map((name) => join(out, name)),
    );
  });

  after(async () => {
    await hale('down').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  test('hale init writes a system whose declaration compiles against the published types', async () => {
    const { version } = JSON.parse(readFileSync(join(folder, 'node_modules/hale/package.json'), 'utf8')) as Manifest;
    assert.equal((await hale('--version')).trim(), version);
    await hale('init');
    const config = join(folder, 'hale.config.ts');
    writeFileSync(config, readFileSync(config, 'utf8').replace('port: 8080', `port: ${await freePort()}`));
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
    symlinkSync(join(repository, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
    writeFileSync(
      join(folder, 'uses.ts'),
      [
        "import { policy } from '@hale/resilience';",
        "import { createVirtualTime } from '@hale/resilience/testing';",
        "import { createService } from '@hale/sdk';",
        'const { clock } = createVirtualTime();',
        'policy({ retry: {} }, { clock }).execute(() => typeof createService).then(console.log);',
      ].join('\n'),
    );
    const compilerOptions = { strict: true, module: 'nodenext', noEmit: true, target: 'es2024', types: ['node'] };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['hale.config.ts', 'uses.ts'] }),
    );
    await type(join(repository, 'node_modules/.bin/tsc'), '-p', folder);
    assert.equal(await type(process.execPath, 'uses.ts'), 'function\n');
  });

  test('it comes up, heals a killed replica, answers meanwhile, and goes down without a trace', async () => {
    const said = await hale('up', '--detach', '--wait');
    const gateway = /gateway\s+(http:\S+)/.exec(said)?.[1] ?? '';
    const dashboard = /dashboard\s+(http:\S+)/.exec(said)?.[1] ?? '';
    assert.match(await (await fetch(gateway)).text(), /Hello from greeter/);
    assert.match(await (await fetch(dashboard)).text(), /<script/);
    const { id, replicas } = await view();
    const victim = replicas.find((one) => one.replica === 'greeter/0');
    process.kill(victim?.pid ?? Number.NaN, 'SIGKILL');
    assert.match(await (await fetch(gateway)).text(), /Hello from greeter/);
    const healed = await until('the incident is closed', async () => {
      const incidents = JSON.parse(await hale('incidents', '--json')) as readonly IncidentView[];
      return incidents.find((one) => one.unit === 'greeter' && one.outcome === 'healed');
    });
    assert.equal(healed.cause, 'crash');
    const now = (await view()).replicas.find((one) => one.replica === 'greeter/0');
    assert.equal(now?.phase, 'serving');
    assert.notEqual(now?.pid, victim?.pid);
    await hale('down');
    assert.deepEqual(processesOf(id), []);
  });
});
