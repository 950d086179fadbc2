// `npm test`: the check, then the tests with real processes, databases, balancers and browsers, one file at a time.
// `npm test -- gateway` runs only the files whose path holds the word.
// With HALE_REQUIRE_REAL=1 (as CI sets) a skipped test is a failure: nothing may be missing there.
import './require-node.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

// Whatever tries chance does so many times (tries() of @hale/base/testing): in the check below, and in the tests that are asked for by name.
process.env.HALE_RUNS = 'many';

const cwd = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv.slice(2);
if (wanted.length === 0) {
  const check = spawnSync(process.execPath, ['tools/check.ts', '--all'], { cwd, stdio: 'inherit' });
  if (check.status !== 0) process.exit(check.status ?? 1);
}

const build = spawnSync(process.execPath, ['packages/dashboard/build.mjs'], { cwd, stdio: 'inherit' });
if (build.status !== 0) process.exit(build.status ?? 1);

const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], {
  cwd,
  encoding: 'utf8',
});
const files = listed.stdout.split('\n').filter((path) => path !== '');
const chosen = files.filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)));
const live = chosen.filter((path) => path.endsWith('.live.test.ts'));
const pure = chosen.filter((path) => !path.endsWith('.live.test.ts'));

const silenceMsMax = 600_000;
let skipped = 0;
let failed = false;
for (const [files, flags] of [
  [wanted.length === 0 ? [] : pure, ['--test-isolation=none']],
  [live, ['--test-concurrency=1', '--test-timeout=300000']],
]) {
  if (files.length === 0) continue;
  const { status, said } = await run(['--test', ...flags, '--test-reporter=spec', ...files]);
  failed ||= status !== 0;
  skipped += Number(/^ℹ skipped (\d+)$/m.exec(said)?.[1] ?? 0);
}
if (process.env.HALE_REQUIRE_REAL === '1' && skipped > 0) {
  console.error(
    `${skipped} tests were skipped, and HALE_REQUIRE_REAL=1 allows none: the lines above say what to install.`,
  );
  failed = true;
}
process.exit(failed ? 1 : 0);

/**
 * What it says is passed on while it runs, so that a run that is cut off has said how far it came; its end is given as well. One that says
 * nothing for long hangs: a test has failed and left something running. It is ended, so that what it knows is said.
 */
async function run(argv) {
  const child = spawn(process.execPath, argv, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const hangs = setTimeout(() => {
    console.error(
      `nothing was said for ${silenceMsMax / 60_000} minutes: the file after the one that was told last hangs`,
    );
    child.kill('SIGTERM');
  }, silenceMsMax);
  child.stdout.setEncoding('utf8').on('data', (text) => {
    hangs.refresh();
    process.stdout.write(text);
    said = (said + text).slice(-1e6);
  });
  const [status] = await once(child, 'close');
  clearTimeout(hangs);
  return { status, said };
}
