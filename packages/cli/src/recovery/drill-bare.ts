// `hale drill run dr --bare`: from the store and its key alone to a system that answers, in an empty folder, by the clock; then all of it
// is taken down and thrown away. The programs really run: whatever they reach outside, they reach. A part that cannot be built
// again is named, and the drill goes on as far as it can.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration, isHaleError } from '@hale/base';
import type { SystemSpec, SystemView } from '@hale/model';
import { openStrongbox, restoreHome } from '@hale/platform/postgres';
import { addressesOf } from '../commands/addresses.ts';
import { type Call, textOption } from '../commands/entry.ts';
import { cliError } from '../errors.ts';
import { waitFor } from '../host.ts';
import { bringUp } from '../system/bring-up.ts';
import { clusterMemoryOf } from '../system/cluster-memory.ts';
import { readIdentity } from '../system/folder.ts';
import type { RunningSystem } from '../system/running.ts';
import { stopSystem } from '../system/stopping.ts';
import {
  type BareDeclaration,
  bringPackages,
  fillBareFolder,
  isElsewhere,
  readBareDeclaration,
} from './bare-folder.ts';
import { findHouse, type StoredHouse } from './house.ts';
import { keepMeasured, storeMeasured } from './measured.ts';
import { type DatabaseBack, type RecoveryLine, recoveryLine, type TimedStep } from './recovery-line.ts';

const answersWithinMs = 180_000;
const wholeWithinMs = 60_000;
const stopPatienceMs = 20_000;

/** Throws HALE_CLI_USAGE, HALE_CLI_NO_HOUSE, HALE_CLI_HOUSE_KEY, HALE_PLATFORM_BACKUP_*, HALE_PLATFORM_STORE_*. */
export async function drillBare(call: Call, signal: AbortSignal): Promise<RecoveryLine> {
  const from = textOption(call, 'from');
  if (from === undefined)
    throw cliError('HALE_CLI_USAGE', 'a bare drill knows nothing but a store', {
      hint: 'hale drill run dr --bare --from file:/mnt/other-disk/vault, with the key in the environment',
    });
  const { clock } = call.host;
  const watch = createWatch(call);
  const lost = clock.wall();
  const begun = clock.mono();
  const wish = { folder: call.folder, env: call.host.env, system: textOption(call, 'system') };
  const house = await watch.step('the house is found', () => findHouse(from, wish));
  // A folder that was told to this process is the original's.
  const runtime = process.env['HALE_RUNTIME_DIR'];
  delete process.env['HALE_RUNTIME_DIR'];
  let folder: string | undefined;
  try {
    folder = await watch.step('its files and its journal are laid out', () => fillBareFolder(house, clock));
    const rebuilt = await rebuild({ call, watch, house, folder, lost, begun, signal });
    return await report(call, house, { ...rebuilt, steps: watch.steps });
  } finally {
    if (runtime !== undefined) process.env['HALE_RUNTIME_DIR'] = runtime;
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Watch {
  readonly steps: readonly TimedStep[];
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
}

function createWatch({ host: { clock, terminal }, json }: Call): Watch {
  const steps: TimedStep[] = [];
  return {
    steps,
    async step(name, work) {
      const begun = clock.mono();
      const done = await work();
      const ms = Math.round(clock.mono() - begun);
      steps.push({ step: name, ms });
      if (!json) terminal.line(`${formatDuration(ms).padStart(8)}  ${name}`);
      return done;
    },
  };
}

interface Site {
  readonly call: Call;
  readonly watch: Watch;
  readonly house: StoredHouse;
  readonly folder: string;
  /** When the old house is taken to have been lost (Unix ms), and when this began (mono). */
  readonly lost: number;
  readonly begun: number;
  readonly signal: AbortSignal;
}

type Rebuilt = Pick<RecoveryLine, 'databases' | 'rtoMs' | 'complaints' | 'requests'>;

async function rebuild(site: Site): Promise<Rebuilt> {
  const { call, watch, house, folder } = site;
  const complaints: string[] = [];
  const fail = (databases: readonly DatabaseBack[] = []): Rebuilt => ({ databases, rtoMs: undefined, complaints });
  const packages = await watch.step('packages', () => bringPackages(house, folder));
  if (packages.problem !== '') complaints.push(packages.problem);
  if (!call.json && packages.how === 'linked')
    call.host.terminal.line(
      call.host.terminal.paint.faint(`          linked from ${house.about.modules}: on another machine, npm ci`),
    );
  const env = { ...call.host.env, ...house.env };
  const declared = await watch.step('the declaration is read', () => readBareDeclaration(house, folder, env));
  if ('problems' in declared) {
    complaints.push(...declared.problems);
    return fail();
  }
  const databases: DatabaseBack[] = [];
  for (const name of Object.keys(declared.spec.resources))
    databases.push(await watch.step(`${name} is restored`, () => restoreInto(site, declared, name)));
  complaints.push(...house.about.secrets.filter((name) => env[name] === undefined).map(secretWords));
  const started = await start(site, declared.spec);
  complaints.push(...started.complaints);
  return { databases, complaints, rtoMs: started.rtoMs, requests: started.requests };
}

const secretWords = (name: string) => `${name} is a secret, and no part of a backup: put it into the environment`;

async function restoreInto(site: Site, { withStores }: BareDeclaration, name: string): Promise<DatabaseBack> {
  const { call, house, folder, lost } = site;
  const { clock } = call.host;
  const begun = clock.mono();
  const nothing = { database: name, backup: undefined, ok: false, rtoMs: 0, rpoMs: undefined, tables: 0, rows: 0 };
  const fault = (words: string): DatabaseBack => ({ ...nothing, problems: [`${name}: ${words}`] });
  const url = withStores.backups?.[name]?.url;
  if (url === undefined) return fault('it has no backup in the declaration, and begins empty');
  if (isElsewhere(url)) return fault(`its store is ${url}, which was a folder of the old place`);
  try {
    const opened = await openStrongbox(withStores, name, { ...call.host.env, ...house.env });
    // The spool beside the store belongs to a receiver that may be at work.
    const box = { ...opened, spool: join(folder, '.hale', 'no-spool') };
    const memory = opened.cluster ? clusterMemoryOf(folder, name) : undefined;
    const restored = await restoreHome({ root: folder, box, target: { kind: 'latest' }, into: 'new', clock, memory });
    const rtoMs = Math.round(clock.mono() - begun);
    const rpoMs = Math.max(0, Math.round(lost - restored.completeUntil));
    return { ...nothing, backup: restored.backup, ok: true, rtoMs, rpoMs, problems: [] };
  } catch (error) {
    if (!isHaleError(error)) throw error;
    return fault(`${error.message} (${error.hint})`);
  }
}

interface Started {
  readonly rtoMs: number | undefined;
  readonly complaints: readonly string[];
  readonly requests: { readonly total: number; readonly failed: number };
}

/** Starts it, asks until it answers, and takes it down whatever happens. */
async function start({ call, watch, begun, signal }: Site, spec: SystemSpec): Promise<Started> {
  const { clock } = call.host;
  const requests = { total: 0, failed: 0 };
  let up: { readonly system: RunningSystem } | undefined;
  try {
    up = await watch.step('keeper and control are up', () => bringUp(call.host, spec, signal));
    const { system } = up;
    const answer = await watch.step('it answers', () => firstAnswer(call, { system, spec, requests, signal }));
    const rtoMs = answer === undefined ? undefined : Math.round(clock.mono() - begun);
    const silent = answer === undefined ? [`nothing answered within ${formatDuration(answersWithinMs)}`] : [];
    const missing = await watch.step('every part serves', () => whatIsMissing(call, system, signal));
    return { rtoMs, complaints: [...silent, ...missing], requests };
  } catch (error) {
    if (!isHaleError(error)) throw error;
    return { rtoMs: undefined, complaints: [`it cannot be started: ${error.message} (${error.hint})`], requests };
  } finally {
    const { system } = up ?? {};
    if (system !== undefined) await watch.step('all is taken down', () => takeDown(call, system));
  }
}

interface Asking {
  readonly system: RunningSystem;
  readonly spec: SystemSpec;
  readonly requests: { total: number; failed: number };
  readonly signal: AbortSignal;
}

/** The gateway's first route; without a gateway, that every service has somebody who serves. */
function firstAnswer(call: Call, { system, spec, requests, signal }: Asking): Promise<true | undefined> {
  const { clock } = call.host;
  const { gateway } = addressesOf(system, spec);
  const path = spec.gateway?.routes[0]?.prefix ?? '/';
  return waitFor({ clock, withinMs: answersWithinMs, everyMs: 50, signal }, async () => {
    if (gateway === undefined) return (await serves(system)) || undefined;
    requests.total++;
    const status = await fetch(gateway + path, { signal: AbortSignal.timeout(10_000) }).then(
      (response) => response.status,
      () => 0,
    );
    if (status >= 200 && status < 500) return true;
    requests.failed++;
    return undefined;
  });
}

async function serves(system: RunningSystem): Promise<boolean> {
  const view = await system.api.system().catch(() => undefined);
  const services = view?.units.filter(({ role }) => role === 'service') ?? [];
  return services.length > 0 && services.every(({ serving }) => serving > 0);
}

/** What does not serve in the end, in words; empty when all does. */
async function whatIsMissing(call: Call, system: RunningSystem, signal: AbortSignal): Promise<readonly string[]> {
  let last: SystemView | undefined;
  const isWell = ({ state }: SystemView['units'][number]) => state === 'healthy' || state === 'degraded';
  await waitFor({ clock: call.host.clock, withinMs: wholeWithinMs, everyMs: 100, signal }, async () => {
    last = await system.api.system().catch(() => undefined);
    return last?.units.every(isWell) || undefined;
  });
  if (last === undefined) return ['the control room does not answer'];
  return last.units.filter((unit) => !isWell(unit)).map(({ unit, state, why }) => `${unit} is ${state}: ${why}`);
}

async function takeDown(call: Call, system: RunningSystem): Promise<void> {
  const hurry = new AbortController().signal;
  await stopSystem(call.host, system, { timeoutMs: stopPatienceMs, hurry, say: () => {} });
}

async function report(
  call: Call,
  house: StoredHouse,
  found: Rebuilt & Pick<RecoveryLine, 'steps'>,
): Promise<RecoveryLine> {
  const line = recoveryLine('dr-bare', found);
  const { rtoMs = 0, rpoMs, complaints: problems, verdict } = line;
  const at = call.host.clock.wall();
  const ok = verdict === 'healed';
  const measured = {
    kind: 'bare',
    at,
    database: undefined,
    backup: house.manifest.id,
    ok,
    rtoMs,
    rpoMs,
    problems,
  } as const;
  await storeMeasured(house.vault, [measured]);
  // Drilled where the original is: it remembers too.
  if (readIdentity(call.folder) !== undefined) keepMeasured(call.folder, [measured]);
  return line;
}
