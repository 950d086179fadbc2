// The engine's last word on its settings is postgresql.auto.conf. What of it is ours is written here, whole, and read at the
// next start or SIGHUP; what the user set with ALTER SYSTEM stays.
import { chown, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from './data-folder.ts';
import type { RunAs } from './run-as.ts';

const ours = ['primary_conninfo', 'primary_slot_name', 'synchronous_standby_names'] as const;
export type OwnSetting = (typeof ours)[number];

/** The text of the file with our settings replaced. */
export function withSettings(text: string, settings: Readonly<Partial<Record<OwnSetting, string>>>): string {
  const kept = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !ours.some((name) => new RegExp(`^\\s*${name}\\b`).test(line)));
  const added = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return [...kept, ...added, ''].join('\n');
}

/** One write or none: a server that reads it meanwhile sees the old file or the new one. */
export async function writeSettings(
  pgdata: string,
  settings: Readonly<Partial<Record<OwnSetting, string>>>,
  runAs: RunAs,
): Promise<void> {
  const file = join(pgdata, 'postgresql.auto.conf');
  const handle = await open(`${file}.hale`, 'w', 0o600);
  try {
    await handle.writeFile(withSettings(readText(file), settings));
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (runAs.kind === 'user') await chown(`${file}.hale`, runAs.uid, runAs.gid);
  await rename(`${file}.hale`, file);
}

/** 'ANY 1 ("db_1", "db_2")': a commit waits until any one of these has it on disk. */
export function anyOf(acknowledgers: number, names: readonly string[]): string {
  return `ANY ${acknowledgers} (${names.map((name) => `"${name}"`).join(', ')})`;
}
