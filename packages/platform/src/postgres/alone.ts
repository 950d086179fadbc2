// A database that was a cluster and is to be one node again. Its one node is the first, so the first must be the primary: any other
// may have acknowledged what the first never saw. What made it a member is taken off it; the folders of the others stay where they are.
import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSettings } from './auto-conf.ts';
import { readBadge } from './badge.ts';
import { postgresError } from './errors.ts';
import { nodePlace } from './node-place.ts';
import type { RunAs } from './run-as.ts';

const badgeName = /^node-(\d+)\.json$/;

/** Does nothing for a database that never was a cluster. Throws HALE_PLATFORM_POSTGRES_NOT_PRIMARY. */
export async function standAlone(home: string, unit: string, runAs: RunAs): Promise<void> {
  const ordinals = (await readdir(home).catch(() => [])).flatMap((name) => badgeName.exec(name)?.[1] ?? []).map(Number);
  if (ordinals.length === 0) return;
  const place = nodePlace(home, 0);
  const terms = new Map(ordinals.map((ordinal) => [ordinal, readBadge(nodePlace(home, ordinal).badge).term]));
  const own = terms.get(0) ?? 0;
  const isStandby = await access(join(place.pgdata, 'standby.signal')).then(
    () => true,
    () => false,
  );
  if (isStandby || own < Math.max(...terms.values()))
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_NOT_PRIMARY',
      `${unit} is declared as one node, and ${unit}/0, whose data it would be, is not the primary of the cluster that it was`,
    );
  await writeSettings(place.pgdata, {}, runAs);
  for (const ordinal of ordinals) await rm(nodePlace(home, ordinal).badge, { force: true });
}
