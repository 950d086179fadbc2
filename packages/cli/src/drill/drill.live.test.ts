// The same scripts that the simulator plays, on a small system of real processes: what was broken is healed and no referee complains.
// It looks at verdicts only; how long it took is a benchmark's to say.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DrillLine } from '@hale/drill';
import { findMarked } from '../system/process-table.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const hale = here('../../bin/hale.mjs');

const program = `import { createServer } from 'node:http';
import { openDrillDoor, probeIsGood } from './drill-door.ts';
const server = createServer((req, res) => {
  if (openDrillDoor(req, res)) return;
  res.writeHead(req.url === '/readyz' && !probeIsGood() ? 503 : 200).end('well');
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
process.on('SIGTERM', () => server.close());
`;

const declaration = `import { defineSystem, env, service } from 'hale';
const open = { run: 'web.ts', probes: { ready: { http: '/readyz' } }, env: { HALE_DRILL: env('HALE_DRILL', '0') } } as const;
export default defineSystem({
  name: 'drilled',
  services: { pricing: service({ ...open, replicas: 3 }), stock: service({ ...open, replicas: 2 }) },
  gateway: { port: 0, routes: { '/': 'pricing', '/stock': 'stock' } },
});
`;

interface Ran {
  readonly code: number;
  readonly out: string;
}

describe('live drills', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-drill-'));
  const run = (doors: '0' | '1', ...argv: string[]) =>
    new Promise<Ran>((resolve) => {
      const options = { cwd: folder, timeout: 180_000, env: { ...process.env, HALE_DRILL: doors } };
      execFile(process.execPath, [hale, ...argv], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: stdout.trim() || stderr });
      });
    });
  const drill = async (...argv: string[]) => {
    const { code, out } = await run('1', 'drill', 'run', ...argv, '--rps', '60', '--json');
    assert.ok(out.startsWith('{'), out);
    return { code, line: JSON.parse(out.split('\n').at(-1) ?? '') as DrillLine };
  };

  before(async () => {
    symlinkSync(here('../../../../node_modules'), join(folder, 'node_modules'));
    copyFileSync(here('../../../../examples/shop/services/drill-door.ts'), join(folder, 'drill-door.ts'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'web.ts'), program);
    writeFileSync(join(folder, 'hale.config.ts'), declaration);
    const { code, out } = await run('1', 'up', '--detach');
    assert.equal(code, 0, out);
  });
  after(async () => {
    const { id } = JSON.parse(readFileSync(join(folder, '.hale', 'system.json'), 'utf8')) as { id: string };
    await run('0', 'down', '--timeout', '2');
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(findMarked(id), []);
  });

  const endings: readonly (readonly [string, string])[] = [
    ['crash', 'healed'],
    ['block', 'healed'],
    ['control-killed', 'healed'],
    ['bad-probe', 'escalated'],
    ['rolling-restart', 'healed'],
  ];
  for (const [turn, [name, verdict]] of endings.entries()) {
    it(`${name}: ${verdict}`, async () => {
      const { code, line } = await drill(name, '--seed', String(turn));
      assert.deepEqual(line.complaints, []);
      assert.equal(line.verdict, verdict);
      assert.equal(code, 0);
      assert.ok((line.requests?.total ?? 0) > 0);
    });
  }

  it('says what is missing for a drill of a database, before it breaks anything', async () => {
    const { code, out } = await run('1', 'drill', 'run', 'primary-killed');
    assert.notEqual(code, 0);
    assert.match(out, /needs a database with a primary and standbys/);
    assert.match(out, /postgres\(\{ standbys: 2 \}\)/);
  });

  it('plays a script of your own, and says in which line it cannot', async () => {
    writeFileSync(join(folder, 'own.drill'), 'drill own\nat 1s exit stock/? code 7\nexpect healed within 10s\n');
    assert.equal((await drill('own.drill', '--seed', '1')).line.verdict, 'healed');
    writeFileSync(join(folder, 'bad.drill'), 'drill bad\nat 1s tickle stock/0\nexpect healed within 10s\n');
    const { code, out } = await run('1', 'drill', 'run', 'bad.drill');
    assert.notEqual(code, 0);
    assert.match(out, /line 2: 'tickle stock\/0' cannot be done/);
  });
});
