// The box itself: whose it is, and what is written into it at once and not bit by bit.
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backupError } from './errors.ts';

export interface SpoolOwner {
  readonly systemIdentifier: string;
  readonly segmentBytes: number;
}

const ownerName = 'spool.json';

/** The owner of a spool that is there; undefined where there is none. Throws HALE_PLATFORM_BACKUP_SPOOL. */
export function readSpoolOwner(folder: string): SpoolOwner | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, ownerName), 'utf8');
  } catch {
    return undefined;
  }
  try {
    const owner = JSON.parse(text) as SpoolOwner;
    if (/^\d+$/.test(owner.systemIdentifier) && owner.segmentBytes > 0) return owner;
  } catch {
    // Told below, with the file's name.
  }
  throw backupError('HALE_PLATFORM_BACKUP_SPOOL', `${join(folder, ownerName)} is damaged`);
}

/** Throws HALE_PLATFORM_BACKUP_SPOOL when it is another database's. */
export function claimSpool(folder: string, { systemIdentifier, segmentBytes }: SpoolOwner): SpoolOwner {
  const known = readSpoolOwner(folder);
  if (known !== undefined && known.systemIdentifier !== systemIdentifier) {
    throw backupError(
      'HALE_PLATFORM_BACKUP_SPOOL',
      `${folder} holds the log of another database (${known.systemIdentifier}, this one is ${systemIdentifier})`,
    );
  }
  const owner: SpoolOwner = { systemIdentifier, segmentBytes };
  if (known === undefined) writeFlushed(folder, ownerName, JSON.stringify(owner));
  return owner;
}

export function historiesIn(folder: string): readonly { readonly timeline: number; readonly text: Buffer }[] {
  return readdirSync(folder)
    .filter((name) => /^[0-9A-F]{8}\.history$/.test(name))
    .map((name) => ({ timeline: Number.parseInt(name.slice(0, 8), 16), text: readFileSync(join(folder, name)) }));
}

export function writeFlushed(folder: string, name: string, content: string | Buffer): void {
  const fd = openSync(join(folder, `${name}.new`), 'w', 0o600);
  writeFileSync(fd, content);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(join(folder, `${name}.new`), join(folder, name));
  syncFolder(folder);
}

/** The names in it are on the disk. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
