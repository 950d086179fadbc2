// The whole road, as a person walks it: a small system in an empty folder is brought up, looked at, broken, healed,
// changed and taken down, and nothing is left. Everything goes through bin/hale.mjs and its exit codes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '@hale/base';
import type { SystemView } from '@hale/model';
import { waitFor } from './host.ts';
import { findMarked } from './system/process-table.ts';

const hale = fileURLToPath(new URL('../bin/hale.mjs', import.meta.url));
const clock = createSystemClock();

const program = `import { createServer } from 'node:http';
createServer((_request, response) => response.end(process.env.GREETING ?? 'hello')).listen(Number(process.env.PORT));
console.log('open');
`;

const declaration = (greeting: string) => `import { defineSystem, service } from 'hale';
export default defineSystem({
  name: 'little',
  services: { web: service({ run: 'web.ts', replicas: 2, env: { GREETING: '${greeting}', API_TOKEN: 'canary-5ecret' } }) },
  gateway: { port: 0, routes: { '/': 'web' } },
});
`;

interface Ran {
  readonly code: number;
  readonly out: string;
}

describe('hale up, in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-up-'));
  const run = (...argv: string[]) =>
    new Promise<Ran>((resolve) => {
      execFile(process.execPath, [hale, ...argv], { cwd: folder, timeout: 90_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: `${stdout}${stderr}` });
      });
    });
  const ps = async () => JSON.parse((await run('ps', '--json')).out) as SystemView;
  const until = async <T>(look: () => Promise<T | undefined>, what: string) => {
    const found = await waitFor({ clock, withinMs: 30_000, everyMs: 200 }, look);
    assert.ok(found !== undefined, `${what} within 30 s; ps says ${(await run('ps')).out}`);
    return found;
  };
  const systemId = () => (JSON.parse(readFileSync(join(folder, '.hale', 'system.json'), 'utf8')) as { id: string }).id;
  let gateway = '';

  before(() => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(fileURLToPath(new URL('..', import.meta.url)), join(folder, 'node_modules', 'hale'));
    writeFileSync(join(folder, 'web.ts'), program);
    writeFileSync(join(folder, 'hale.config.ts'), declaration('hello'));
  });
  after(async () => {
    await run('down', '--timeout', '2');
    rmSync(folder, { recursive: true, force: true });
  });

  it('nothing runs yet: exit 3, and down has nothing to do', async () => {
    assert.equal((await run('status')).code, 3);
    assert.equal((await run('down')).code, 0);
    assert.ok(!existsSync(join(folder, '.hale')));
  });

  it('comes up in the background and serves', async () => {
    const up = await run('up', '--detach', '--wait', '--json');
    assert.equal(up.code, 0, up.out);
    gateway = (JSON.parse(up.out.trim().split('\n').at(-1) ?? '') as { gateway: string }).gateway;
    assert.equal(await (await fetch(gateway)).text(), 'hello');
    assert.equal((await run('status')).code, 0);
  });

  it('a killed replica is healed, and the story is told', async () => {
    const [victim] = (await ps()).replicas.filter((replica) => replica.unit === 'web');
    assert.ok(victim?.pid !== undefined);
    process.kill(victim.pid, 'SIGKILL');
    await until(async () => {
      const view = await ps();
      const healed = view.incidents.find((incident) => incident.unit === 'web' && incident.outcome === 'healed');
      return healed !== undefined && view.state === 'healthy' ? healed : undefined;
    }, 'healed');
    assert.match((await run('explain')).out, /What was seen[\s\S]*What was done[\s\S]*verified/);
  });

  it('a bad declaration changes nothing and exits 2', async () => {
    writeFileSync(join(folder, 'hale.config.ts'), declaration('hello').replace("'/': 'web'", "'/': 'wob'"));
    const up = await run('up');
    assert.equal(up.code, 2);
    assert.match(up.out, /wob[\s\S]*did you mean/i);
    assert.equal((await run('status')).code, 0);
  });

  it('a changed declaration is shown and rolled out', async () => {
    writeFileSync(join(folder, 'hale.config.ts'), declaration('good day'));
    const up = await run('up');
    assert.equal(up.code, 0, up.out);
    assert.match(up.out, /env GREETING changed/);
    assert.equal(await (await fetch(gateway)).text(), 'good day');
  });

  it('a new route is followed by the workers that run', async () => {
    const workers = async () => (await ps()).replicas.filter((one) => one.unit === 'gateway').map((one) => one.pid);
    const before = await workers();
    assert.equal((await fetch(`${gateway}/docs`)).status, 200);
    writeFileSync(join(folder, 'hale.config.ts'), declaration('good day').replace("'/': 'web'", "'/docs': 'web'"));
    const up = await run('up');
    assert.equal(up.code, 0, up.out);
    assert.match(up.out, /routes changed, followed without a restart/);
    await until(async () => ((await fetch(gateway)).status === 404 ? true : undefined), 'the old route is gone');
    assert.equal(await (await fetch(`${gateway}/docs`)).text(), 'good day');
    assert.deepEqual(await workers(), before);
  });

  it('a gateway port that moves is refused, and the release in force outlives control', async () => {
    const release = (await ps()).release;
    const moved = declaration('good day').replace("'/': 'web'", "'/docs': 'web'").replace('port: 0', 'port: 1');
    writeFileSync(join(folder, 'hale.config.ts'), moved);
    const up = await run('up');
    assert.equal(up.code, 1, up.out);
    assert.match(up.out, /cannot move[\s\S]*hale down && hale up/);
    assert.ok(!existsSync(join(folder, '.hale', 'releases', `${release + 1}.json`)));
    // As if `hale up` had been killed before it took the release back.
    writeFileSync(
      join(folder, '.hale', 'releases', `${release + 1}.json`),
      readFileSync(join(folder, '.hale', 'releases', `${release}.json`), 'utf8').replace(/"port":0/, '"port":1'),
    );
    const leaders = () =>
      readFileSync(join(folder, '.hale', 'logs', 'control.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"msg":"leading"'))
        .map((line) => (JSON.parse(line) as { pid: number }).pid);
    const killed = leaders().at(-1);
    assert.ok(killed !== undefined);
    process.kill(killed, 'SIGKILL');
    await until(async () => (leaders().at(-1) === killed ? undefined : true), 'another control leads');
    await until(async () => ((await run('status')).code === 0 ? true : undefined), 'control answers again');
    assert.equal((await ps()).release, release);
    assert.equal(await (await fetch(`${gateway}/docs`)).text(), 'good day');
  });

  it('shows no secret', async () => {
    const said = await Promise.all([run('describe', 'web'), run('describe', 'web', '--json'), run('ps', '--json')]);
    for (const { out } of said) assert.ok(!out.includes('canary-5ecret'), out);
  });

  it('goes down and leaves no process and no runtime folder', async () => {
    const id = systemId();
    const down = await run('down');
    assert.equal(down.code, 0, down.out);
    assert.deepEqual(findMarked(id), []);
    assert.equal((await run('ps')).code, 3);
  });
});
