// `hale restore --house`: the first thing to type on a new machine. Files, identity and journal of a system come out of its store into an
// empty folder; what must be brought besides (packages, secrets, databases) is said as the commands that follow.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { formatBytes } from '@hale/base';
import { type Call, textOption } from '../commands/entry.ts';
import { cliError, exitCodes } from '../errors.ts';
import { isElsewhere } from './bare-folder.ts';
import { findHouse, moveHouseTo, type StoredHouse } from './house.ts';

/** Throws HALE_CLI_USAGE, HALE_CLI_NO_HOUSE, HALE_CLI_HOUSE_KEY, HALE_CLI_NOT_EMPTY, HALE_PLATFORM_BACKUP_*, HALE_PLATFORM_STORE_*. */
export async function restoreHouse(call: Call): Promise<number> {
  const { terminal, clock, env } = call.host;
  const from = textOption(call, 'from');
  const into = textOption(call, 'into');
  if (from === undefined || into === undefined || into === 'new' || into === 'replace')
    throw cliError('HALE_CLI_USAGE', 'a house is restored from a store into a folder', {
      hint: 'hale restore --house --from s3://bucket/prefix --into ./shop, with the key in the environment',
    });
  const folder = resolve(call.folder, into);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw cliError('HALE_CLI_NOT_EMPTY', `${folder} is not empty: nothing was touched`);
  const house = await findHouse(from, { folder: call.folder, env, system: textOption(call, 'system') });
  await makeWhole(folder, (making) => moveHouseTo(house, making, { clock }));
  const { manifest, about } = house;
  const next = nextSteps(house, into);
  if (call.json) terminal.json({ folder, house: manifest.id, at: manifest.at, files: manifest.files.length, next });
  else {
    const when = new Date(manifest.at).toISOString();
    terminal.line(
      `the house of ${about.system} as of ${when}: ${manifest.files.length} files, ${formatBytes(manifest.bytes)}, in ${folder}`,
    );
    for (const { path, why } of about.leftOut) terminal.line(terminal.paint.faint(`    not in it: ${path} (${why})`));
    terminal.line('now type:');
    for (const line of next) terminal.line(`    ${line}`);
  }
  return exitCodes.ok;
}

/** Beside it, and only what is whole gets the name. */
async function makeWhole(folder: string, fill: (making: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const making = mkdtempSync(`${folder}.restoring-`);
  try {
    await fill(making);
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

function nextSteps({ about }: StoredHouse, into: string): readonly string[] {
  const secrets =
    about.secrets.length === 0 ? [] : [`# put ${about.secrets.join(', ')} into .hale/secrets.env (chmod 600)`];
  const moved = isElsewhere(about.store)
    ? [`# objectStore({ url: '${about.store}' }) was a folder of the old place: write where the store is now`]
    : [];
  const packages = about.lockfile === undefined ? '# install the packages' : 'npm ci';
  return [
    `cd ${into}`,
    packages,
    ...secrets,
    ...moved,
    'npx hale dr plan   # the databases, one after the other',
    'npx hale up',
  ];
}
