// Backups as they are declared: which database, into which store, how long, and with which key. A name that is no store is a problem
// here; whether the store answers is asked by whoever may.
import type { Problem } from '@hale/base';
import { backupDefaults, standbysWithReceiverMax } from '../defaults.ts';
import type { BackupSpec } from '../spec.ts';
import { errorAt, type Path, suggest } from './problems.ts';
import { type BackupShape, objectStoreShape, readShape } from './shapes.ts';

export type Stores = ReadonlyMap<string, string>;

/** An objectStore() of `resources`: its URL. */
export function readStore(input: unknown, path: Path): { readonly url: string; readonly problems: readonly Problem[] } {
  const read = readShape(objectStoreShape, input, path);
  const url = read.value?.url ?? '';
  if (read.value === undefined || /^(file:.|s3:\/\/[A-Za-z0-9]|azure:\/\/[A-Za-z0-9$])/.test(url)) {
    return { url, problems: read.problems };
  }
  const message = url === '' ? 'no url' : `'${url}' is no store that Hale knows`;
  const hint = "write url: 'file:/mnt/other-disk/vault', 's3://bucket/prefix' or 'azure://container/prefix'";
  return { url, problems: [...read.problems, errorAt([...path, 'url'], { message, hint })] };
}

/** What else is declared, and matters for what a backup can promise. */
interface Surroundings {
  readonly standbys: number;
  readonly regions: number;
  readonly durability: string | undefined;
}

export function readBackup(
  backup: BackupShape,
  path: Path,
  { stores, ...around }: Surroundings & { readonly stores: Stores },
): { readonly spec: BackupSpec | undefined; readonly problems: readonly Problem[] } {
  const url = stores.get(backup.to ?? '');
  if (url === undefined) {
    const message = backup.to === undefined ? 'no store to back up to' : `'${backup.to}' is no object store`;
    const fallback =
      "add resources: { vault: objectStore({ url: 'file:/mnt/other-disk/vault' }) } and write to: 'vault'";
    const hint =
      backup.to === undefined || stores.size === 0 ? fallback : suggest(backup.to, [...stores.keys()], 'object store');
    return { spec: undefined, problems: [errorAt([...path, 'to'], { message, hint })] };
  }
  const { encrypt } = backup;
  const key =
    encrypt === undefined
      ? {}
      : {
          encrypt:
            encrypt.kind === 'secret'
              ? encrypt
              : { kind: encrypt.kind, name: encrypt.name, fallback: encrypt.fallback },
        };
  const { pitr = backupDefaults.pitr, synchronous = backupDefaults.synchronous } = backup;
  const times = {
    keepMs: backup.keep ?? backupDefaults.keepMs,
    everyMs: backup.every ?? backupDefaults.everyMs,
    proveMs: backup.prove ?? backupDefaults.proveMs,
  };
  return {
    spec: { url, ...times, pitr, synchronous, ...key },
    problems: doubtSynchronous({ pitr, synchronous, ...around }, path),
  };
}

/** What could not keep its promise. */
function doubtSynchronous(
  { pitr, synchronous, standbys, regions, durability }: Surroundings & Pick<BackupSpec, 'pitr' | 'synchronous'>,
  path: Path,
): readonly Problem[] {
  if (!synchronous) return [];
  const at = [...path, 'synchronous'];
  // Both let a primary acknowledge by itself, and that takes everybody out of the count.
  const alone =
    durability === 'available'
      ? "durability 'available' lets the primary acknowledge by itself"
      : standbys > 0 && regions > 1
        ? 'after a move to another region the database acknowledges by itself'
        : undefined;
  if (alone !== undefined) {
    const hint = 'leave synchronous out: a standby has every acknowledged commit on its disk';
    return [errorAt(at, { message: `a commit cannot wait for the log's receiver: ${alone}`, hint })];
  }
  if (standbys > standbysWithReceiverMax) {
    const message = `with synchronous backups a primary sends its log twice for each standby, and cannot for ${standbys}`;
    return [errorAt(at, { message, hint: `write standbys: ${standbysWithReceiverMax}, or leave synchronous out` })];
  }
  if (pitr) return [];
  const message = 'a commit cannot wait for a log that is not followed';
  return [errorAt(at, { message, hint: 'leave pitr out, or synchronous' })];
}
