// The server's own packing list, which it sends after the files of a copy: what each file must be. What came in is compared with
// it, so that what was torn on the way is noticed now, and not on the day of the restore.
import { createHash } from 'node:crypto';
import { backupError } from './errors.ts';

export interface ServerFile {
  readonly size: number;
  readonly sha256: string;
}

interface ServerManifest {
  readonly Files: readonly {
    readonly Path?: string;
    readonly 'Encoded-Path'?: string;
    readonly Size: number;
    readonly Checksum: string;
  }[];
}

/** Throws HALE_PLATFORM_BACKUP_DAMAGED when the list itself is torn. */
export function parseServerManifest(text: string): ReadonlyMap<string, ServerFile> {
  const sealed = /"Manifest-Checksum": "([0-9a-f]{64})"\}\s*$/.exec(text);
  const lastLine = text.lastIndexOf('"Manifest-Checksum"');
  const found = createHash('sha256').update(text.slice(0, lastLine)).digest('hex');
  if (sealed?.[1] !== found) {
    throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', "the server's packing list came in torn: nothing was kept");
  }
  const { Files } = JSON.parse(text) as ServerManifest;
  return new Map(
    Files.map((file) => {
      const path = file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString('utf8');
      return [path, { size: file.Size, sha256: file.Checksum }];
    }),
  );
}

/** What came in and is not as the server says; files of the log are kept elsewhere and are not in the list. */
export function compare(
  said: ReadonlyMap<string, ServerFile>,
  came: readonly { readonly path: string; readonly size: number; readonly sha256: string }[],
): readonly string[] {
  const byPath = new Map(came.map((file) => [file.path, file]));
  const missing = [...said.keys()]
    .filter((path) => !byPath.has(path) && !path.startsWith('pg_wal/'))
    .map((path) => `${path} did not come in`);
  const wrong = came.flatMap(({ path, size, sha256 }) => {
    const expected = said.get(path);
    if (expected === undefined) return [`${path} is not in the list`];
    return expected.size === size && expected.sha256 === sha256 ? [] : [`${path} came in damaged`];
  });
  return [...missing, ...wrong];
}
