// Makes the data folder of a node right for what it is to be, before it is started: the primary keeps what it has (or makes a new
// database in the first term), a standby keeps a copy that is of this term, and anything else is made a copy of the primary.
// It never makes an empty database where there was one, and never starts data whose term is over.
import { access, chown, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseTerm } from '@hale/model';
import { writeSettings } from './auto-conf.ts';
import { assertTerm, readBadge, startingTerm, writeBadge } from './badge.ts';
import { copyCluster } from './copy/copy.ts';
import { isHalfCopied } from './copy/target.ts';
import { checkVersion, type Engine, ensureDataFolder, readPassword, readText } from './data-folder.ts';
import { postgresError } from './errors.ts';
import { type ClusterNode, termSettings } from './node-orders.ts';
import { reserveLog } from './node-slots.ts';
import { assertNotGone, noteMade } from './once-made.ts';
import { assertOwned } from './owner.ts';
import { superuser } from './settings.ts';

export async function prepareNode(
  node: ClusterNode,
  order: { readonly replica: string; readonly database: DatabaseTerm; readonly name: string; readonly engine: Engine },
): Promise<void> {
  const { place, home } = node;
  const { replica } = order;
  const badge = readBadge(place.badge);
  const asPrimary = order.database.primary === replica;
  const database = { ...order.database, term: startingTerm(badge, { term: order.database.term, asPrimary }) };
  assertTerm(badge, database.term, replica);
  const made = readText(join(place.pgdata, 'PG_VERSION')).trim();
  if (made !== '') {
    checkVersion(made, order.engine.binaries.version, place.pgdata);
    await assertOwned(place.pgdata, node.runAs);
  }
  if (asPrimary) await preparePrimary(node, { ...order, database });
  else if (!(await isWholeCopy(node, badge.term, database))) await copyPrimary(node, order);
  await writeSettings(place.pgdata, termSettings(node, database.term), node.runAs);
  const isUnknown = database.term > order.database.term;
  const fenced = Math.max(badge.fenced, database.term);
  await writeBadge(place.badge, { term: database.term, fenced, ...(isUnknown && { restored: true as const }) });
  if (readPassword(home) === undefined)
    throw postgresError('HALE_PLATFORM_POSTGRES_PASSWORD', `${join(home, 'password')} is missing`);
}

async function preparePrimary(
  node: ClusterNode,
  { replica, database, name, engine }: { replica: string; database: DatabaseTerm; name: string; engine: Engine },
): Promise<void> {
  const { place, home } = node;
  if (await isHalfCopied(place.pgdata))
    throw postgresError('HALE_PLATFORM_POSTGRES_DAMAGED', `${place.pgdata} is a copy that was never finished`);
  const hasData = readText(join(place.pgdata, 'PG_VERSION')) !== '';
  if (!hasData && (database.term > 1 || place.ordinal !== 0))
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_NO_DATA',
      `${replica} is the primary of term ${database.term}, and ${place.pgdata} is empty`,
    );
  await assertNotGone(node.note, place.pgdata);
  if (place.ordinal === 0) await ensureDataFolder(home, engine, name);
  await noteMade(node.note);
}

async function isWholeCopy({ place }: ClusterNode, term: number, database: DatabaseTerm): Promise<boolean> {
  if (database.rebuild === true || term !== database.term || (await isHalfCopied(place.pgdata))) return false;
  return (await exists(join(place.pgdata, 'standby.signal'))) && readText(join(place.pgdata, 'PG_VERSION')) !== '';
}

/** Block by block where there is something already, so that a node that was away comes back quickly. */
async function copyPrimary(
  node: ClusterNode,
  { replica, database }: { replica: string; database: DatabaseTerm },
): Promise<void> {
  const { place, home, runAs } = node;
  const { from } = database;
  if (from === undefined)
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_NO_PRIMARY',
      `${replica} must copy ${database.primary}, which does not serve`,
    );
  const source = { host: from.address, port: from.port, user: superuser, password: readPassword(home) ?? '' };
  const owner = runAs.kind === 'user' ? { owner: { uid: runAs.uid, gid: runAs.gid } } : {};
  await reserveLog(source, place.ordinal, node.clock);
  await copyCluster(source, place.pgdata, owner);
  const signal = join(place.pgdata, 'standby.signal');
  await writeFile(signal, '', { mode: 0o600 });
  if (runAs.kind === 'user') await chown(signal, runAs.uid, runAs.gid);
  await rm(join(place.pgdata, 'postmaster.opts'), { force: true });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
