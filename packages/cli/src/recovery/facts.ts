// Gathers what the judgement and the runbook need to know: it asks the stores, looks where they lie, and reads what was measured. A
// store that does not answer is a fact as well, so that the runbook is printed in the very hour in which it is needed.
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createSystemClock, formatDuration, isHaleError } from '@hale/base';
import { backedUpOf, type SystemSpec } from '@hale/model';
import {
  type CatalogueEntry,
  findEngine,
  listHouseIds,
  openStrongbox,
  planRestore,
  readCatalogue,
  readHouse,
  type Vault,
} from '@hale/platform/postgres';
import { findConfig } from '../config/find-config.ts';
import type { Host } from '../host.ts';
import { latestRelease, stateFolderOf } from '../system/folder.ts';
import type { DatabaseFacts, HouseFacts } from './exposure.ts';
import { openHouseOf } from './house.ts';
import { type Measured, readMeasured, storedMeasured } from './measured.ts';

type Env = Host['env'];

export async function databaseFacts(spec: SystemSpec, database: string, env: Env): Promise<DatabaseFacts> {
  const backup = backedUpOf(spec).find(({ resource }) => resource.name === database)?.backup;
  const nodes = 1 + (spec.resources[database]?.standbys ?? 0);
  const store = backup && storeUrlOf(spec, database);
  const isElsewhere = spec.resources[database]?.url !== undefined;
  const sameDisk = store === undefined || isElsewhere ? undefined : isSameDisk(spec.root, store);
  const { everyMs = 0, proveMs = 0 } = backup ?? {};
  const known = {
    database,
    nodes,
    isElsewhere,
    store,
    encrypted: backup?.encrypt !== undefined,
    everyMs,
    proveMs,
    sameDisk,
  };
  const nothing = { newest: undefined, proof: undefined, completeUntil: undefined, trouble: '' };
  if (backup === undefined) return { ...known, ...nothing };
  try {
    const { vault, bin } = await openStrongbox(spec, database, env);
    const entries = await readCatalogue(vault);
    const damaged = entries.filter(({ damage }) => damage !== '').map(({ damage }) => damage);
    const whole = entries.filter(({ damage }) => damage === '');
    const newest = whole.reduce<CatalogueEntry | undefined>(
      (best, one) => (best === undefined || one.endedAt >= best.endedAt ? one : best),
      undefined,
    );
    const log = newest === undefined ? { completeUntil: undefined, trouble: '' } : await logOf(vault, bin);
    const trouble = [...damaged, log.trouble].filter((words) => words !== '').join('; ');
    return { ...known, newest, proof: newestProof(entries), completeUntil: log.completeUntil, trouble };
  } catch (error) {
    return { ...known, ...nothing, trouble: isNone(error) ? '' : wordsOf(error) };
  }
}

async function logOf(vault: Vault, bin: string | undefined): Promise<Pick<DatabaseFacts, 'completeUntil' | 'trouble'>> {
  try {
    const wish = { major: (await findEngine(bin)).major, clock: createSystemClock() };
    const { completeUntil } = await planRestore(vault, { kind: 'latest' }, wish);
    return { completeUntil, trouble: '' };
  } catch (error) {
    return { completeUntil: undefined, trouble: wordsOf(error) };
  }
}

function newestProof(entries: readonly CatalogueEntry[]): DatabaseFacts['proof'] {
  const proofs = entries.flatMap(({ proof }) => (proof === undefined ? [] : [proof]));
  const last = proofs.sort((a, b) => a.at - b.at).at(-1);
  if (last === undefined) return undefined;
  const rpo = last.rpoMs === undefined ? 'nothing came back' : `RPO ${formatDuration(last.rpoMs)}`;
  const words = last.ok ? `RTO ${formatDuration(last.rtoMs)}, ${rpo}` : (last.problems[0] ?? 'nobody knows why');
  return { at: last.at, ok: last.ok, words };
}

/** Of the newest house in any store of the system. */
export async function houseFacts(spec: SystemSpec, env: Env): Promise<HouseFacts> {
  let at: number | undefined;
  let trouble = '';
  for (const database of databasesByStore(spec)) {
    try {
      const { vault } = await openHouseOf(spec, database, env);
      if ((await listHouseIds(vault)).length > 0) at = Math.max(at ?? 0, (await readHouse(vault)).at);
    } catch (error) {
      trouble = wordsOf(error);
    }
  }
  return { at, changedAt: lastChange(spec.root), trouble: at === undefined ? trouble : '' };
}

/** Of the declaration and of the release that was made of it. */
function lastChange(root: string): number {
  const config = findConfig(root);
  const release = latestRelease(root)?.release;
  const files = [
    ...('file' in config ? [config.file] : []),
    ...(release === undefined ? [] : [join(stateFolderOf(root), 'releases', `${release}.json`)]),
  ];
  return Math.max(0, ...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}

/** What was measured, here or where the system ran before; newest last. */
export async function measuredOf(spec: SystemSpec, env: Env): Promise<readonly Measured[]> {
  const all = [...readMeasured(spec.root)];
  for (const database of databasesByStore(spec)) {
    try {
      all.push(...(await storedMeasured((await openHouseOf(spec, database, env)).vault)));
    } catch {
      // Asked for the runbook only, which says itself what was never measured.
    }
  }
  return all.sort((a, b) => a.at - b.at);
}

/** One database of each store. */
export function databasesByStore(spec: SystemSpec): readonly string[] {
  const first = new Map<string, string>();
  for (const [name, { url }] of Object.entries(spec.backups ?? {})) if (!first.has(url)) first.set(url, name);
  return [...first.values()];
}

/** As one can name it from any folder of this machine. */
export function storeUrlOf(spec: SystemSpec, database: string): string {
  const url = spec.backups?.[database]?.url ?? '';
  return url.startsWith('file:')
    ? `file:${resolve(spec.root, url.slice('file:'.length).replace(/^\/\/(?=\/)/, ''))}`
    : url;
}

function isSameDisk(root: string, store: string): boolean | undefined {
  if (!store.startsWith('file:')) return undefined;
  return diskOf(join(stateFolderOf(root), 'data')) === diskOf(store.slice('file:'.length));
}

/** Of what is there of the path. */
function diskOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? diskOf(dirname(path)) : stat.dev;
}

const isNone = (error: unknown) => isHaleError(error) && error.code === 'HALE_PLATFORM_BACKUP_NONE';

function wordsOf(error: unknown): string {
  if (isHaleError(error)) return `${error.message} (${error.hint})`;
  throw error;
}
