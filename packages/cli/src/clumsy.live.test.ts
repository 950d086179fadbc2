// The clumsy user: interrupts a start, loses the terminal, kills what keeps the system, starts a service that cannot
// start. Each time an exit code that tells the truth, and in the end nobody is left.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '@hale/base';
import { waitFor } from './host.ts';
import { findMarked, killNow } from './system/process-table.ts';
import { systemAt } from './system/running.ts';

const hale = fileURLToPath(new URL('../bin/hale.mjs', import.meta.url));
const clock = createSystemClock();
const open = `import { createServer } from 'node:http';
createServer((_request, response) => response.end()).listen(Number(process.env.PORT));
`;

describe('the clumsy user of hale up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-clumsy-'));
  const start = (...argv: string[]) => {
    const child = spawn(process.execPath, [hale, ...argv], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { text: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said.text += data));
    return { child, said };
  };
  const run = async (...argv: string[]) => {
    const { child, said } = start(...argv);
    return { code: await exitOf(child), said: said.text };
  };
  const exitOf = async (child: ChildProcess) => child.exitCode ?? (await once(child, 'close'))[0];
  const system = () => {
    const { id } = JSON.parse(readFileSync(join(folder, '.hale', 'system.json'), 'utf8')) as { id: string };
    return systemAt(folder, id);
  };
  const declare = (web: string) => {
    writeFileSync(join(folder, 'web.ts'), web);
    writeFileSync(
      join(folder, 'hale.config.ts'),
      `import { defineSystem, service } from 'hale';
export default defineSystem({ name: 'clumsy', services: { web: service({ run: 'web.ts' }) }, gateway: { port: 0, workers: 1 } });
`,
    );
  };
  const assertNothingLeft = () => {
    const { id, runtimeDir } = system();
    assert.deepEqual(findMarked(id), []);
    assert.equal(existsSync(runtimeDir), false);
    assert.equal(existsSync(join(folder, '.hale', 'occupied')), false);
  };

  before(() => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(fileURLToPath(new URL('..', import.meta.url)), join(folder, 'node_modules', 'hale'));
    declare(open);
  });
  after(async () => {
    await run('down', '--timeout', '1');
    rmSync(folder, { recursive: true, force: true });
  });

  it('Ctrl-C while the keeper is being started leaves nobody', async () => {
    const { child, said } = start('up');
    const begun = await waitFor({ clock, withinMs: 30_000, everyMs: 5 }, () =>
      existsSync(join(folder, '.hale', 'system.json')) ? true : undefined,
    );
    assert.ok(begun, said.text);
    child.kill('SIGINT');
    assert.equal(await exitOf(child), 130, said.text);
    assertNothingLeft();
  });

  it('a service that cannot start is said by up --detach, which does not wait for ever', async () => {
    declare(`console.error('no settings'); process.exit(3);\n`);
    const up = await run('up', '--detach');
    assert.equal(up.code, 1);
    assert.match(up.said, /not everything serves\n.*web.*exited \(code 3\)/);
    assert.match((await run('explain', 'web')).said, /no settings/);
    assert.equal((await run('down')).code, 0);
    assertNothingLeft();
  });

  it('a foreground that is killed leaves the system up, and down works with keeper and control dead', async () => {
    declare(open);
    const { child, said } = start('up');
    const serves = async () => {
      const view = await system()
        .api.system()
        .catch(() => undefined);
      return view?.state === 'healthy' ? true : undefined;
    };
    assert.ok(await waitFor({ clock, withinMs: 30_000, everyMs: 100 }, serves), said.text);
    child.kill('SIGKILL');
    await exitOf(child);
    assert.equal((await run('status')).code, 0);
    const control = findMarked(system().id).find((one) => one.replica === 'hale/control');
    // Stopped first, so that it does not start the next keeper before it is killed itself.
    process.kill(control?.pid ?? Number.NaN, 'SIGSTOP');
    killNow(system().keeperPid() ?? Number.NaN);
    killNow(control?.pid ?? Number.NaN);
    const down = await run('down', '--timeout', '1');
    assert.equal(down.code, 0, down.said);
    assertNothingLeft();
  });

  it('a release that cannot be read does not stop the next start', async () => {
    writeFileSync(join(folder, '.hale', 'releases', '1.json'), '{"half');
    const up = await run('up', '--detach');
    assert.equal(up.code, 0, up.said);
    assert.equal((await run('down')).code, 0);
    assertNothingLeft();
  });
});
