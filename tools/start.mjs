// `npm start`: the demo. Builds the dashboard when its sources changed, then hands over to the demo, which ends with
// its own exit code. Ctrl-C reaches both; the demo brings everything down first.
import './require-node.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const cwd = dirname(dirname(fileURLToPath(import.meta.url)));
const build = spawnSync(process.execPath, ['packages/dashboard/build.mjs'], {
  cwd,
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (build.status !== 0) process.exit(build.status ?? 1);

const demo = spawn(process.execPath, ['packages/cli/src/demo/main.ts', ...process.argv.slice(2)], {
  cwd,
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill('SIGTERM'));
demo.on('exit', (code) => process.exit(code ?? 1));
