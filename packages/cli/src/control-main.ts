// The process that the keeper keeps alive: it chooses the adapters (SQLite for book and lease, plain processes for hands) and
// lets control run with them. SIGTERM, SIGINT and SIGHUP mean "hand over": it finishes, lets go and ends with 0, and every
// workload stays. Anything it cannot live with ends it with 1, and the keeper starts a fresh one.
//
//   node control-main.ts --root <folder of the declaration> [--runtime <runtime folder>]
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Clock, createSystemClock } from '@hale/base';
import {
  bootId,
  type Control,
  createLog,
  createSecretMask,
  type Log,
  openReleases,
  openSqliteJournal,
  openSqliteLease,
  ownHolder,
  type Releases,
  type SecretMask,
  startControl,
} from '@hale/control';
import { initialState, restoreState, step, viewOf } from '@hale/healer';
import { gatewayLauncher, relayLauncher, routesFile, routesOf, writeRoutes } from '@hale/platform/gateway';
import { backupLauncher, postgresLauncher, resourceUrl } from '@hale/platform/postgres';
import {
  createKeeperSource,
  createProcessPlatform,
  inheritedListeners,
  type KeeperSource,
  runtimeDirOf,
} from '@hale/platform/process';
import { keptToken, writeApiFile } from './control/api-file.ts';
import { apiListener, bindAll, missingListeners } from './control/listeners.ts';
import { secretValuesOf } from './control/secret-values.ts';

interface Place {
  readonly root: string;
  readonly id: string;
  readonly runtimeDir: string;
  /** `.hale`. */
  readonly state: string;
}

interface House extends Place {
  readonly clock: Clock;
  readonly mask: SecretMask;
  readonly log: Log;
  readonly releases: Releases;
  readonly keeper: KeeperSource;
}

/** Long enough for an answer that is on its way to reach its caller. */
const reliefMs = 100;

async function main(): Promise<void> {
  const place = readPlace();
  const mask = createSecretMask();
  const log = createLog(mask);
  const fail = (error: unknown): never => {
    log.error('control ends', error);
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const house: House = {
    ...place,
    clock: createSystemClock(),
    mask,
    log,
    releases: openReleases(join(place.state, 'releases')),
    keeper: createKeeperSource(place),
  };
  if (await isBareHanded(house)) process.exit(0);
  const control = await open(house, fail, () => void handOver());
  const handOver = async () => {
    await control.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void handOver());
}

/** Where we are. Ends the process with 2 when that cannot be said. */
function readPlace(): Place {
  const { values } = parseArgs({ options: { root: { type: 'string' }, runtime: { type: 'string' } } });
  const root = values.root ?? '';
  if (root === '' || !existsSync(join(root, '.hale', 'system.json'))) {
    process.stderr.write(
      `usage: control-main --root <folder with .hale/system.json>: not in '${root}'; start it with: hale up\n`,
    );
    process.exit(2);
  }
  const state = join(root, '.hale');
  const { id } = JSON.parse(readFileSync(join(state, 'system.json'), 'utf8')) as { id: string };
  mkdirSync(join(state, 'releases'), { recursive: true, mode: 0o700 });
  return { root, id, state, runtimeDir: values.runtime ?? runtimeDirOf(id) };
}

/** True when sockets were bound that only the next control will have in its hands. */
async function isBareHanded({ root, releases, keeper, log }: House): Promise<boolean> {
  const spec = releases.latest()?.spec;
  const missing = missingListeners(root, spec);
  if (missing.length === 0) return false;
  await bindAll(await keeper.get(), root, spec);
  log.info('sockets were bound; the next control inherits them', { missing });
  return true;
}

async function open(house: House, fail: (error: unknown) => never, handOver: () => void): Promise<Control> {
  const { root, id, state, runtimeDir, clock, mask, log, releases } = house;
  const wallMs = clock.wall();
  const onBroken = (notice: { file: string; movedTo: string; reason: string }) =>
    log.warn('a file was broken: it was moved aside, and a new one is begun from what is observed', notice);
  const journalFile = join(state, 'journal.db');
  const token = keptToken(runtimeDir);
  const fd = inheritedListeners().find(({ name }) => name === apiListener)?.fd ?? -1;
  const control = await startControl({
    systemId: id,
    brain: { initialState: () => initialState(id), step, viewOf, restoreState },
    journal: openSqliteJournal({ file: journalFile, wallMs, onBroken }),
    lease: openSqliteLease({ file: join(state, 'lease.db'), wallMs, onBroken }),
    holder: ownHolder(),
    openPlatform: (epoch) => openPlatform(house, epoch),
    releases,
    clock,
    bootId: bootId(),
    mask,
    secretsOf: (spec) => secretValuesOf(spec, { root, env: process.env }),
    api: { listen: { fd }, token, journalFile, logFolder: join(state, 'logs'), runtimeDir, assetFolder: assetFolder() },
    log,
    needsRelief: (spec) => missingListeners(root, spec).length > 0,
    onRelief: () => void clock.after(reliefMs, handOver),
    onFatal: fail,
  });
  // Now, because a control that is killed has no last moment to do it in.
  flushCompileCache();
  writeApiFile(runtimeDir, { url: `http://127.0.0.1:${control.apiPort}`, token });
  return control;
}

function openPlatform({ root, id, runtimeDir, clock, keeper, releases }: House, epoch: number) {
  return createProcessPlatform({
    keeper,
    root,
    runtimeDir,
    systemId: id,
    epoch,
    clock,
    launchers: {
      gateway: gatewayLauncher(),
      postgres: postgresLauncher,
      relay: relayLauncher(),
      backup: backupLauncher(),
    },
    resourceUrl: (name, purpose) => {
      const latest = releases.latest();
      return latest === undefined ? undefined : resourceUrl(latest.spec, name, purpose);
    },
    onDeclare: async (spec) => writeRoutes(routesFile(runtimeDir), routesOf(spec)),
  });
}

/** The built dashboard: beside the rooms here, inside the package where it is published. */
function assetFolder(): string | undefined {
  const places = ['../../dashboard/dist', '../dashboard', '../../dashboard'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return places.find((folder) => existsSync(join(folder, 'index.html'))) ?? places[0];
}

await main();
