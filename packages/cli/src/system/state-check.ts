// What `hale doctor` says of a system's data: which PostgreSQL runs it and what that one is for, what the copies of it survive, and
// what the store of its backups can refuse. It asks; it never changes anything.
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, createSystemClock, formatBytes, isHaleError } from '@hale/base';
import { isCluster, type PostgresSpec, type SystemSpec } from '@hale/model';
import { askElsewhere, openStore, postgresSupport, roomsOf, storeSecrets } from '@hale/platform/postgres';
import type { ObjectStore } from '@hale/ports';
import type { Finding } from './health-check.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A store that does not answer within this is not waited for. */
const storeWithinMs = 10_000;

/** Everything about the data of `spec`; undefined: no system was started here yet. */
export async function examineState(spec: SystemSpec | undefined, env: Environment): Promise<Finding[]> {
  if (spec === undefined) return [await serverFinding(undefined)];
  const findings: Finding[] = [];
  for (const resource of Object.values(spec.resources)) {
    findings.push(
      resource.url === undefined ? await serverFinding(resource) : await elsewhereFinding(spec, resource),
      ...copiesFinding(spec, resource),
      ...(await roomFindings(spec, resource)),
    );
  }
  const urls = new Set(Object.values(spec.backups ?? {}).map(({ url }) => url));
  for (const url of urls) {
    // Asked inside: that the secrets lie open is a finding too.
    const open = async () => openStore(url, { folder: spec.root, env: { ...env, ...storeSecrets(spec.root) } });
    findings.push(await storeFinding(open));
  }
  return findings;
}

async function serverFinding(resource: PostgresSpec | undefined): Promise<Finding> {
  const what = 'PostgreSQL';
  const named = resource === undefined ? '' : `${resource.name}: `;
  const { ok, how, hint } = await postgresSupport(resource?.bin);
  // A system that has no database needs none.
  if (!ok) return { verdict: resource === undefined ? 'warn' : 'fail', what, found: `${named}${how}`, hint };
  return { verdict: 'ok', what, found: `${named}${how}` };
}

/** One that somebody else runs: does it answer, and what will it let us do? */
async function elsewhereFinding({ root, backups }: SystemSpec, resource: PostgresSpec): Promise<Finding> {
  const what = 'PostgreSQL';
  const { name } = resource;
  try {
    const { place, version, isStandby, mayReplicate } = await askElsewhere(root, resource);
    const found = `${name}: PostgreSQL ${version} at ${place}, run by somebody else`;
    if (isStandby)
      return { verdict: 'warn', what, found: `${found}: a standby, which takes no writes`, hint: 'name its primary' };
    if (backups?.[name] === undefined || mayReplicate) return { verdict: 'ok', what, found };
    const hint = 'a superuser there grants it: alter role <this user> replication';
    return { verdict: 'warn', what, found: `${found}: this user may not replicate, so there are no backups`, hint };
  } catch (error) {
    if (!isHaleError(error)) throw error;
    return { verdict: 'fail', what, found: `${name}: ${error.message}`, hint: error.hint };
  }
}

/** Only what is short: how much there is elsewhere is said of the folder's own disk. */
async function roomFindings(spec: SystemSpec, { name }: PostgresSpec): Promise<readonly Finding[]> {
  const short = (await roomsOf(spec, name)).filter(({ word, freeBytes }) => word !== 'free' && freeBytes !== undefined);
  return short.map(({ replica, word, freeBytes = 0 }) => ({
    verdict: word === 'full' ? 'fail' : 'warn',
    what: 'disk',
    found: `${replica}: ${formatBytes(freeBytes)} free where its data are${word === 'full' ? ': its log cannot grow' : ''}`,
    hint: `free some space there: df -h ${dataPlace(spec, name)}`,
  }));
}

function dataPlace({ root }: SystemSpec, name: string): string {
  return join(root, '.hale', 'data', name);
}

/** On one host no number of copies survives the host. */
function copiesFinding(spec: SystemSpec, resource: PostgresSpec): readonly Finding[] {
  const what = 'copies';
  const { name } = resource;
  if (resource.url !== undefined) return [];
  const nodes = isCluster(resource) ? `${1 + (resource.standbys ?? 0)} nodes on one machine and its disk` : 'one node';
  const backup = spec.backups?.[name];
  if (backup === undefined) {
    const hint = "declare backup: { to: 'vault' }, with a store on another machine (docs/guides/backups.md)";
    return [{ verdict: 'warn', what, found: `${name}: ${nodes}, and no backup: what the disk loses is lost`, hint }];
  }
  if (sharesDisk(spec, backup.url)) {
    const found = `${name}: ${nodes}, and backups on that very disk`;
    return [{ verdict: 'warn', what, found, hint: 'give the store a folder on another disk, s3:// or azure://' }];
  }
  return [{ verdict: 'ok', what, found: `${name}: ${nodes}; what survives it are the backups in ${backup.url}` }];
}

function sharesDisk({ root }: SystemSpec, url: string): boolean {
  if (!url.startsWith('file:')) return false;
  const path = url.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
  const place = nearest(path.startsWith('/') ? path : join(root, path));
  return statSync(place).dev === statSync(root).dev;
}

/** The folder, or the first above it that is there: that one's disk it would be made on. */
function nearest(folder: string): string {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? nearest(dirname(folder)) : folder;
}

/** Can it be read, and what does it refuse? Tests hand in stores of their own. */
export async function storeFinding(
  open: () => Promise<ObjectStore>,
  clock: Clock = createSystemClock(),
): Promise<Finding> {
  const what = 'backup store';
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(storeWithinMs, () => reject(new Error('it does not answer')));
  const ask = async (): Promise<Finding> => {
    const store = await open();
    await store.list('', { limit: 1 });
    const { versioning, objectLock, note } = await store.capabilities();
    const words = { true: 'yes', false: 'no', unknown: 'it does not say' };
    const found = `${store.url}: versions: ${words[`${versioning}`]}, locks: ${words[`${objectLock}`]}`;
    return note === ''
      ? { verdict: 'ok', what, found }
      : { verdict: 'warn', what, found, hint: `${note}. What each store can: docs/guides/backups.md` };
  };
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    const { message } = error as Error;
    const hint = isHaleError(error) ? error.hint : 'look whether it can be reached from here';
    return { verdict: 'fail', what, found: message, hint };
  } finally {
    timer.cancel();
  }
}
