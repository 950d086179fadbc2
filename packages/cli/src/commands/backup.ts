// `hale backup`: takes a copy of a database now, lists and inspects what there is, proves it by restoring it into a scratch database,
// cleans up, or follows the log until Ctrl-C. It works on the declaration alone: neither control nor keeper is asked.
import { resolve } from 'node:path';
import { formatBytes, formatDuration, isHaleError, parseDuration } from '@hale/base';
import type { BackupObservation, SystemSpec } from '@hale/model';
import {
  backupStatsFile,
  type CatalogueEntry,
  type Errand,
  findEngine,
  type HouseManifest,
  occupy,
  openStrongbox,
  prove,
  prune,
  pruneHouse,
  type RestoreProgress,
  readBackupStats,
  readCatalogue,
  type Strongbox,
  startWalReceiver,
  takeBackup,
  verify,
} from '@hale/platform/postgres';
import { cliError, exitCodes } from '../errors.ts';
import { styleOf, waitFor } from '../host.ts';
import { type AboutHouse, openHouseOf, takeHouseOf } from '../recovery/house.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { findSystem } from '../system/running.ts';
import { renderBackups } from '../terminal/backup-picture.ts';
import { createBar, type ProgressBar } from '../terminal/progress-bar.ts';
import { renderTable } from '../terminal/table.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';

type Action = (call: Call, box: Strongbox, spec: SystemSpec) => Promise<number>;

export const backupCommand: CommandEntry = {
  usage: 'backup <action> [id]',
  summary: 'now, list, verify, prove, prune or stream: copies of a database in its object store',
  group: 'Act',
  shape: (command) =>
    command
      .option('-c, --config <file>', 'the declaration, if it is not hale.config.ts')
      .option('--db <name>', 'which database, where several have a backup')
      .option('--no-house', 'now: the database alone, without declaration, programs and journal')
      .option('--keep <duration>', 'prune: younger ones stay (default: keep of the declaration)')
      .option('--dry-run', 'prune: only say what would be taken away')
      .option('--force', 'prune: pass over the signs of backups that were killed')
      .addHelpText('after', help),
  async run(call) {
    const action = actions[call.args[0] ?? ''];
    if (action === undefined) {
      throw cliError('HALE_CLI_USAGE', `'${call.args[0]}' is nothing that hale backup does`, {
        hint: `write one of: ${Object.keys(actions).join(', ')}`,
      });
    }
    const spec = await loadDeclaration(call, textOption(call, 'config'));
    const box = await openStrongbox(spec, textOption(call, 'db'), call.host.env);
    const errand = errands[call.args[0] ?? ''];
    if (errand === undefined) return action(call, box, spec);
    const place = { root: spec.root, database: box.database, errand };
    const leave = await patiently(call, () => occupy(place));
    return action(call, box, spec).finally(leave);
  },
};

const help = `
now      takes a backup of the database, and of the declaration, the programs and the journal; only what is new is stored
list     what there is, and whether it was proven
verify   reads every object of all backups (or of one id) and looks for holes in the log
prove    restores the newest (or one id) into a scratch database, reads all of it, throws it away
prune    takes away what is older than \`keep\`; the newest and the last proven one stay
stream   follows the log into the store until Ctrl-C: with it, any moment can be restored to`;

const actions: Readonly<Record<string, Action>> = {
  now,
  list,
  verify: inspect,
  prove: drill,
  prune: cleanUp,
  stream: follow,
};

const patienceMs = 60_000;
/** It speaks once a second. */
const freshMs = 10_000;

/** What the process that takes backups by itself must not be doing meanwhile. */
const errands: Readonly<Record<string, Errand>> = { now: 'work', prove: 'work', prune: 'work', stream: 'log' };

/** The process that takes backups may be at it just now: it is waited for, and named. */
async function patiently<T>({ host, json }: Call, enter: () => Promise<T>): Promise<T> {
  let refused: unknown;
  const wish = { clock: host.clock, withinMs: patienceMs, everyMs: 250 };
  const entered = await waitFor(wish, async () => {
    try {
      return { value: await enter() };
    } catch (error) {
      if (!isHaleError(error) || error.code !== 'HALE_PLATFORM_BACKUP_BUSY') throw error;
      if (refused === undefined && !json)
        host.terminal.line(host.terminal.paint.faint(`${error.message}: it is waited for`));
      refused = error;
      return undefined;
    }
  });
  if (entered === undefined) throw refused;
  return entered.value;
}

async function now(call: Call, { vault, url, database }: Strongbox, spec: SystemSpec): Promise<number> {
  const { terminal, clock } = call.host;
  const bar = createBar(call.host, call.json);
  const begun = clock.mono();
  const manifest = await takeBackup({
    ...{ url: url(), vault, clock },
    onProgress: ({ bytesDone, bytesTotal }) =>
      bar.show(bytesTotal === 0 ? undefined : bytesDone / bytesTotal, formatBytes(bytesDone)),
  }).finally(bar.clear);
  const { id, bytes, newBytes, startLsn, stopLsn, timeline } = manifest;
  const ms = Math.round(clock.mono() - begun);
  if (!call.json)
    terminal.line(`${id}: ${formatBytes(bytes)}, ${formatBytes(newBytes)} of it new, in ${formatDuration(ms)}`);
  const config = textOption(call, 'config');
  const wish = { spec, database, config: config === undefined ? undefined : resolve(call.folder, config) };
  const house = call.options['house'] === false ? undefined : await takeHouseOf(call.host, wish);
  if (call.json) terminal.json({ id, bytes, newBytes, startLsn, stopLsn, timeline, ms, ...describeHouse(house) });
  else if (house !== undefined) sayHouse(call, house);
  return exitCodes.ok;
}

function describeHouse(house: HouseManifest | undefined): object {
  if (house === undefined) return {};
  const { leftOut } = house.about as AboutHouse;
  return { house: { id: house.id, files: house.files.length, bytes: house.bytes, newBytes: house.newBytes, leftOut } };
}

function sayHouse({ host: { terminal } }: Call, house: HouseManifest): void {
  const { leftOut } = house.about as AboutHouse;
  const words = `${house.files.length} files, ${formatBytes(house.bytes)}, ${formatBytes(house.newBytes)} of it new`;
  terminal.line(`${house.id}: the house: declaration, programs and journal: ${words}`);
  for (const { path, why } of leftOut.slice(0, 10))
    terminal.line(terminal.paint.faint(`    not in it: ${path} (${why})`));
  if (leftOut.length > 10)
    terminal.line(terminal.paint.faint(`    and ${leftOut.length - 10} more: --json names them`));
}

async function list(call: Call, { vault, database }: Strongbox): Promise<number> {
  const entries = await readCatalogue(vault);
  const capabilities = await vault.store.capabilities();
  const { terminal } = call.host;
  const seen = lookAtSteward(call, database);
  if (call.json) terminal.json({ store: vault.store.url, capabilities, backups: entries, running: seen ?? null });
  else {
    const { paint, width } = styleOf(call.host);
    const columns = [
      { title: 'ID', cell: ({ id }: CatalogueEntry) => id },
      {
        title: 'WHOLE AT',
        cell: ({ endedAt }: CatalogueEntry) => (endedAt === 0 ? '' : new Date(endedAt).toISOString()),
      },
      { title: 'SIZE', align: 'right', cell: ({ bytes }: CatalogueEntry) => formatBytes(bytes) },
      { title: 'NEW', align: 'right', cell: ({ newBytes }: CatalogueEntry) => formatBytes(newBytes) },
      { title: 'PROOF', cell: proofWords },
    ] as const;
    for (const line of renderTable(columns, entries, { width, heading: paint.faint })) terminal.line(line);
    for (const line of renderBackups(seen && [seen], call.host.clock.wall(), styleOf(call.host))) terminal.line(line);
    if (capabilities.note !== '') terminal.line(paint.faint(`${vault.store.url}: ${capabilities.note}`));
  }
  return entries.some(({ damage }) => damage !== '') ? exitCodes.failure : exitCodes.ok;
}

/** What the process that takes backups by itself says of this one; undefined where none runs, or its word is old. */
function lookAtSteward(call: Call, database: string): BackupObservation | undefined {
  const system = findSystem(call.folder);
  const stats = system && readBackupStats(backupStatsFile(system.runtimeDir, 0));
  if (stats === undefined || call.host.clock.wall() - stats.at > freshMs) return undefined;
  return stats.databases.find((seen) => seen.database === database);
}

function proofWords({ proof, damage }: CatalogueEntry): string {
  if (damage !== '') return damage;
  if (proof === undefined) return 'none: hale backup prove';
  if (!proof.ok) return `failed: ${proof.problems[0]}`;
  return `restored in ${formatDuration(proof.rtoMs)} at ${new Date(proof.at).toISOString()}`;
}

async function inspect(call: Call, { vault }: Strongbox): Promise<number> {
  const { terminal } = call.host;
  const bar = createBar(call.host, call.json);
  const [, id] = call.args;
  const found = await verify(vault, {
    clock: call.host.clock,
    ...(id === undefined ? {} : { ids: [id] }),
    onProgress: ({ objectsDone, bytesRead }) =>
      bar.show(undefined, `${objectsDone} objects, ${formatBytes(bytesRead)}`),
  }).finally(bar.clear);
  const whole = found.backups.every(({ problems }) => problems.length === 0);
  if (call.json) terminal.json({ whole, ...found });
  else {
    for (const { id, problems } of found.backups) {
      terminal.line(`${problems.length === 0 ? terminal.paint.good('✓') : terminal.paint.bad('✗')} ${id}`);
      for (const problem of problems) terminal.line(`    ${problem}`);
    }
    terminal.line(
      `${found.chunks} chunks and ${found.segments} segments of the log, ${formatBytes(found.bytesRead)} read`,
    );
  }
  return whole ? exitCodes.ok : exitCodes.failure;
}

async function drill(call: Call, { vault, bin }: Strongbox): Promise<number> {
  const { terminal, clock } = call.host;
  const bar = createBar(call.host, call.json);
  const [, id] = call.args;
  const proof = await prove({
    ...{ vault, clock, engine: await findEngine(bin), onProgress: (progress) => showRestore(bar, progress) },
    ...(id === undefined ? {} : { target: { kind: 'backup', id } as const }),
  }).finally(bar.clear);
  if (call.json) terminal.json(proof);
  else {
    const rows = proof.tables.reduce((sum, one) => sum + one.rows, 0);
    const words = `${proof.tables.length} tables with ${rows} rows read, ${proof.indexesChecked} indexes checked`;
    terminal.line(
      `${proof.ok ? terminal.paint.good('✓ proven') : terminal.paint.bad('✗ not proven')}  ${proof.backup}: ${words}`,
    );
    for (const problem of proof.problems) terminal.line(`    ${problem}`);
    const rpo =
      proof.rpoMs === undefined ? 'nothing came back' : `the newest thing was ${formatDuration(proof.rpoMs)} old`;
    terminal.line(`restored in ${formatDuration(proof.rtoMs)}; ${rpo}`);
  }
  return proof.ok ? exitCodes.ok : exitCodes.failure;
}

export function showRestore(bar: ProgressBar, progress: RestoreProgress): void {
  const left = progress.msLeft === undefined ? '' : `, ${formatDuration(progress.msLeft)} left`;
  if (progress.phase === 'replay') bar.show(progress.share, `the log is replayed${left}`);
  else
    bar.show(
      progress.bytesDone / progress.bytesTotal,
      `${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesTotal)}${left}`,
    );
}

async function cleanUp(call: Call, { vault, spec, database }: Strongbox, system: SystemSpec): Promise<number> {
  const { terminal, clock } = call.host;
  const given = textOption(call, 'keep');
  const keepMs = given === undefined ? spec.keepMs : parseDuration(given);
  if (keepMs === undefined)
    throw cliError('HALE_CLI_USAGE', `'${given}' is no duration`, { hint: "write '14d' or '36h'" });
  const dry = call.options['dryRun'] === true;
  const force = call.options['force'] === true;
  const pruned = await prune({ vault, clock, retention: { keepMs, keepCountMin: 1 }, dry, force });
  if (!dry) await pruneHouse((await openHouseOf(system, database, call.host.env)).vault, clock, keepMs);
  if (call.json) terminal.json({ dry, ...pruned });
  else {
    const verb = dry ? 'would be taken away' : 'taken away';
    terminal.line(
      `${pruned.dropped.length} backups ${verb}: ${pruned.objects} objects, ${formatBytes(pruned.bytes)}; ${pruned.kept.length} stay`,
    );
  }
  return exitCodes.ok;
}

async function follow(call: Call, { vault, url, spool, database }: Strongbox): Promise<number> {
  const { host, json } = call;
  const stopped = Promise.withResolvers<void>();
  const giveBack = host.onInterrupt(stopped.resolve);
  const receiver = startWalReceiver({
    ...{ url: url(), vault, spool, clock: host.clock, slot: 'hale_backup', name: 'hale_backup' },
    onChange({ state, serverTrouble, storeTrouble }) {
      if (json) host.terminal.json({ database, state, serverTrouble, storeTrouble });
      else
        host.terminal.line(
          [`${database}: ${state}`, serverTrouble, storeTrouble].filter((words) => words !== '').join('; '),
        );
    },
  });
  await stopped.promise;
  giveBack();
  await receiver.stop();
  return exitCodes.ok;
}
