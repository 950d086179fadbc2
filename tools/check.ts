// `npm run check`: everything that needs no server and no browser, and the first thing CI runs. Steps run two at a time (the machines we
// plan for have two cores); each prints its seconds, and a failing one its output. What nothing has touched since it last passed is not
// done again (passed.ts for tests, linted.ts, and the compiler's own notes); `npm run check -- --all` runs all tests the same.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { readLinted } from './linted.ts';
import { cacheFolder, hashFiles, readPassed } from './passed.ts';
import { listFiles, repository, roomOf } from './source.ts';

interface Step {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whose tests these are; not all of them, maybe. */
  readonly rooms?: readonly string[];
  /** Takes note of what need not be done again. */
  readonly note?: () => void;
}

interface Done {
  readonly step: Step;
  readonly seconds: number;
  readonly code: number;
  readonly output: string;
}

const bin = (name: string) => `${repository}/node_modules/.bin/${name}`;
const files = hashFiles();
const passed = readPassed(files);
const linted = readLinted(files);
const all = listFiles(['.test.ts']).filter((path) => !path.endsWith('.live.test.ts'));
const pureTests = process.argv.includes('--all') ? all : all.filter((path) => !passed.has(roomOf(path)));

/** Within `npm test` whatever tries chance does so many times. */
const many = process.env['HALE_RUNS'] === 'many';

/** Where tests write: into memory where there is plenty, as they flush all the time. In `npm test` they meet a real disk. */
function makeDesk(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (many || bavail * bsize < memoryBytesMin) return undefined;
    return mkdtempSync(join(memory, 'hale-check-'));
  } catch {
    // Only Linux has it.
    return undefined;
  }
}

const memory = '/dev/shm';
const memoryBytesMin = 2e9;
const desk = makeDesk();
if (desk !== undefined) {
  process.on('exit', () => rmSync(desk, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
}

/** Tests are over before the last tier of the compiler has earned what it costs; and simulations make much short-lived litter. */
const brief = many ? [] : ['--no-turbofan', '--min-semi-space-size=64', '--max-semi-space-size=64'];

/** Half of the seconds are simulations and other games of chance: two processes, one for each core. */
const isGame = (path: string) => path.startsWith('packages/drill/src/sim/') || path.endsWith('.prop.test.ts');
const played = pureTests.filter(isGame);
const testsOf = (name: string, files: readonly string[]): readonly Step[] =>
  files.length === 0
    ? []
    : [
        {
          name,
          argv: [process.execPath, ...brief, '--test', '--test-isolation=none', '--test-reporter=dot', ...files],
          env: { NODE_COMPILE_CACHE: join(cacheFolder, 'compiled'), ...(desk !== undefined && { TMPDIR: desk }) },
          rooms: [...new Set(files.map(roomOf))],
        },
      ];

/** One thread each, as the other core has work, and nothing is swept up: a compiler that lives for seconds is done before it pays. */
const types = (name: string, project: string, notes: string): Step => ({
  name,
  argv: [
    bin('tsc'),
    ...['-p', project, '--singleThreaded'],
    ...['--incremental', '--tsBuildInfoFile', join(cacheFolder, `${notes}.tsbuildinfo`)],
  ],
  env: { GOGC: 'off', GOMEMLIMIT: '1GiB' },
});

/** Few files are named; where most have changed it finds them by itself. What tsc refuses in .ts already is off in biome.json. */
const namedMax = 500;
function lint(left: readonly string[]): readonly Step[] {
  if (left.length === 0) return [];
  const which = left.length > namedMax ? ['.'] : ['--no-errors-on-unmatched', ...left];
  return [{ name: 'lint and format', argv: [bin('biome'), 'ci', '--reporter=summary', ...which], note: linted.add }];
}

const steps: readonly Step[] = [
  ...testsOf('simulated games', played),
  ...testsOf(
    'other tests',
    pureTests.filter((path) => !isGame(path)),
  ),
  types('types', 'tsconfig.json', 'types'),
  types('types of pure rooms', 'tsconfig.pure.json', 'pure'),
  types('types of the dashboard', 'packages/dashboard/tsconfig.json', 'dashboard'),
  { name: 'law and tidy', argv: [process.execPath, 'tools/inspect.ts'] },
  ...lint(linted.left),
];

function run(step: Step): Promise<Done> {
  const started = performance.now();
  return new Promise((resolve) => {
    const [command = '', ...args] = step.argv;
    const child = spawn(command, args, {
      cwd: repository,
      env: { ...process.env, ...step.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-40_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ step, seconds: 0, code: 1, output: `${error.message}: run npm ci first` }));
    child.on('close', (code) =>
      resolve({ step, seconds: (performance.now() - started) / 1000, code: code ?? 1, output }),
    );
  });
}

async function lane(queue: Step[], done: Done[]): Promise<void> {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const result = await run(step);
    done.push(result);
    console.log(`${result.code === 0 ? 'ok  ' : 'FAIL'} ${result.seconds.toFixed(1).padStart(5)} s  ${step.name}`);
    if (result.code !== 0) console.log(result.output.trimEnd());
    else step.note?.();
  }
}

const started = performance.now();
const queue = [...steps];
const done: Done[] = [];
await Promise.all([lane(queue, done), lane(queue, done)]);
const failed = done.filter((result) => result.code !== 0);
const roomsOf = (results: readonly Done[]) => results.flatMap(({ step }) => step.rooms ?? []);
passed.add([...new Set(roomsOf(done))].filter((room) => !roomsOf(failed).includes(room)));
const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
const left = all.length - pureTests.length;
const ran = `${pureTests.length} test files${left === 0 ? '' : `; ${left} unchanged since they passed`}`;
console.log(`${failed.length === 0 ? 'ok  ' : 'FAIL'} ${seconds} s  check (${ran})`);
process.exitCode = failed.length === 0 ? 0 : 1;
