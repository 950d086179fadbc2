// A PM2 ecosystem file: each app becomes a service. The file is code, so it is evaluated in the same sealed room as a
// declaration. PM2's own restart rules are left behind: restarting is what Hale is for.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute, join, posix, relative } from 'node:path';
import { parse } from 'yaml';
import { evaluateConfig } from '../config/evaluation.ts';
import {
  draftName,
  emptyHarvest,
  firstFile,
  type Harvest,
  isRecord,
  type ProgramDraft,
  type ServiceDraft,
  sortEnv,
  type Unmapped,
} from './draft.ts';
import { listeningOf } from './listening.ts';
import { readPackage, runScript } from './package-scripts.ts';
import { programOf, splitCommandLine } from './program.ts';
import { firstLine } from './workspaces.ts';

const fileNames = ['js', 'cjs', 'mjs', 'json', 'yaml', 'yml'].map((ending) => `ecosystem.config.${ending}`);
const evaluationMs = 10_000;

export async function harvestPm2(root: string): Promise<Harvest> {
  const file = firstFile(root, [...fileNames, 'pm2.config.js', 'pm2.config.cjs', 'pm2.json']);
  if (file === undefined) return emptyHarvest;
  const read = await readEcosystem(root, file);
  if ('why' in read) return { ...emptyHarvest, unmapped: [{ what: 'all of it', from: file, why: read.why }] };
  const apps = Array.isArray(read.value)
    ? read.value
    : isRecord(read.value)
      ? (read.value['apps'] ?? [read.value])
      : [];
  const harvests = (Array.isArray(apps) ? apps : [apps]).filter(isRecord).map((app) => readApp(app, root, file));
  const deploy: Unmapped[] =
    isRecord(read.value) && read.value['deploy'] !== undefined
      ? [{ what: 'deploy', from: file, why: 'this version runs systems on this machine and does not deploy' }]
      : [];
  return {
    ...emptyHarvest,
    services: harvests.flatMap(({ service }) => (service === undefined ? [] : [service])),
    unmapped: [...harvests.flatMap(({ unmapped }) => unmapped), ...deploy],
    secrets: Object.assign({}, ...harvests.map(({ secrets }) => secrets)) as Record<string, string>,
  };
}

async function readEcosystem(
  root: string,
  file: string,
): Promise<{ readonly value: unknown } | { readonly why: string }> {
  if (/\.(json|ya?ml)$/.test(file)) {
    try {
      return { value: parse(readFileSync(join(root, file), 'utf8')) };
    } catch (error) {
      return { why: `it cannot be read: ${firstLine(error)}` };
    }
  }
  const evaluation = await evaluateConfig(join(root, file), evaluationMs);
  if (evaluation.kind === 'declared') return { value: evaluation.declaration };
  return { why: evaluation.kind === 'threw' ? `it threw: ${evaluation.message}` : 'it exports nothing' };
}

interface AppRead {
  readonly service: ServiceDraft | undefined;
  readonly unmapped: readonly Unmapped[];
  readonly secrets: Readonly<Record<string, string>>;
}

type App = Readonly<Record<string, unknown>>;

function readApp(app: App, root: string, file: string): AppRead {
  const unmapped: Unmapped[] = [];
  const script = textOf(app['script']);
  const written = textOf(app['name']) ?? (script === undefined ? 'app' : posix.basename(script).replace(/\.\w+$/, ''));
  const miss = (what: string, why: string) => unmapped.push({ what: `${written}: ${what}`, from: file, why });
  const cwd = textOf(app['cwd']) ?? '.';
  const folder = posix.relative('.', isAbsolute(cwd) ? relative(root, cwd) : posix.normalize(cwd));
  if (script === undefined || folder.startsWith('..')) {
    miss('app', script === undefined ? 'it has no script' : 'it lives outside of this folder');
    return { service: undefined, unmapped, secrets: {} };
  }
  const ran = programOfApp(app, { root, folder, script });
  const variables = { ...ran.env, ...recordOf(app['env']), ...recordOf(app['env_production']) };
  const { env, secrets, port } = sortEnv(variables);
  for (const key of Object.keys(app)) {
    const why =
      reasons[key] ??
      (/^env_(?!production)/.test(key) ? 'one environment is mapped: env with env_production' : undefined);
    if (why !== undefined) miss(key, why);
  }
  const published = port;
  const program = ran.program;
  const service: ServiceDraft = {
    name: draftName(written),
    from: file,
    folder,
    program,
    env,
    replicas: instancesOf(app, miss),
    uses: [],
    ...optional('memory', memoryText(app['max_memory_restart'])),
    ...optional('stop', typeof app['kill_timeout'] === 'number' ? `${app['kill_timeout']}ms` : undefined),
    ...optional(
      'envFile',
      textOf(app['env_file']) === undefined ? undefined : posix.join(folder, String(app['env_file'])),
    ),
    listening: listeningOf({ root, folder, program, port, fromEnv: port !== undefined, published }),
  };
  return { service, unmapped, secrets };
}

/** Fields with a meaning that is lost, and why. Others (names of log files, restart delays) have their own answer in Hale. */
const reasons: Readonly<Record<string, string>> = {
  cron_restart: 'restarting by the clock hides a fault; limits.memory and the hang detector replace what needs it',
  user: 'services run as the user of `hale up`',
  uid: 'services run as the user of `hale up`',
  gid: 'services run as the group of `hale up`',
  post_update: 'run it before `hale up`',
  append_env_to_name: 'names are fixed',
  interpreter_args: 'kept as arguments of the command',
};

function programOfApp(
  app: App,
  { root, folder, script }: { readonly root: string; readonly folder: string; readonly script: string },
): { readonly program: ProgramDraft; readonly env: Readonly<Record<string, string>> } {
  const args = wordsOf(app['args']);
  const nodeArgs = wordsOf(app['node_args'] ?? app['interpreter_args']);
  const interpreter = textOf(app['interpreter']) ?? textOf(app['exec_interpreter']);
  if (['npm', 'pnpm', 'yarn'].includes(script)) {
    const name = args.find((word) => word !== 'run' && word !== '--' && !word.startsWith('-')) ?? 'start';
    const json = readPackage(join(root, folder));
    if (json?.scripts[name] !== undefined) return runScript({ root, folder, json, script: name });
    return { program: { command: [script, ...args] }, env: {} };
  }
  const line = args.length === 0 && script.includes(' ') ? splitCommandLine(script) : undefined;
  if (line !== undefined) return { program: programOf(line.argv, root, folder), env: line.env };
  if (interpreter === 'none') return { program: { command: [script, ...args] }, env: {} };
  const ends = /\.(py|sh|rb|php|pl)$/.exec(script)?.[1];
  const byEnding: Readonly<Record<string, string>> = { py: 'python3', sh: 'bash', rb: 'ruby', php: 'php', pl: 'perl' };
  const runner = interpreter ?? (ends === undefined ? 'node' : (byEnding[ends] ?? 'node'));
  return {
    program: programOf([/(^|\/)node$/.test(runner) ? 'node' : runner, ...nodeArgs, script, ...args], root, folder),
    env: {},
  };
}

function instancesOf(app: App, miss: (what: string, why: string) => void): number {
  const given = app['instances'] ?? 1;
  const count = Number(given);
  if (Number.isInteger(count) && count >= 1) return Math.min(count, 100);
  const cores = availableParallelism();
  const replicas = given === 'max' || count === 0 ? cores : Math.max(1, cores + (Number.isInteger(count) ? count : 0));
  miss(`instances: ${String(given)}`, `written as the number of this machine: ${replicas}`);
  return replicas;
}

/** PM2's '300M', '1G' or bytes. */
function memoryText(input: unknown): string | undefined {
  if (typeof input === 'number') return `${Math.max(16, Math.round(input / 1e6))}MB`;
  const match = /^(\d+)\s*([KMG])B?$/i.exec(textOf(input) ?? '');
  if (match === null) return undefined;
  const unit = match[2]?.toUpperCase();
  return unit === 'K' ? `${Math.max(16, Math.round(Number(match[1]) / 1000))}MB` : `${match[1]}${unit}B`;
}

function wordsOf(input: unknown): readonly string[] {
  if (Array.isArray(input)) return input.map(String);
  return typeof input === 'string' ? (splitCommandLine(input)?.argv ?? input.trim().split(/\s+/)) : [];
}

function textOf(input: unknown): string | undefined {
  return typeof input === 'string' && input !== '' ? input : undefined;
}

function recordOf(input: unknown): App {
  return isRecord(input) ? input : {};
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
