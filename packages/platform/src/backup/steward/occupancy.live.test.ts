// Whoever was killed has left nothing behind: the next one gets the place at once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { occupy } from './occupancy.ts';

const skip = process.platform !== 'linux';
const place = { root: `/nowhere/${process.pid}`, database: 'db', errand: 'work' } as const;

test('a sign of the dead is none', { skip }, async () => {
  const module = fileURLToPath(new URL('./occupancy.ts', import.meta.url));
  const code = `const { occupy } = await import(${JSON.stringify(module)});
    await occupy(${JSON.stringify(place)}); console.log('mine'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await assert.rejects(occupy(place), { message: new RegExp(`process ${child.pid} `) });
  child.kill('SIGKILL');
  await once(child, 'exit');
  (await occupy(place))();
});
