// The packing list of a backup: which files there are, of which pieces of which boxes (chunks) each is made, and from which place
// to which place of the log it must be followed to be whole. It is written last: a backup without it never was. What is read
// back is believed only after it was checked, and no path in it leads out of the data folder.
import { backupError } from './errors.ts';
import { type Lsn, parseLsn } from './wal-name.ts';

/** [index of the chunk, offset in it, length] */
export type Slice = readonly [chunk: number, offset: number, length: number];

export interface BackupFile {
  readonly path: string;
  readonly size: number;
  /** As the server told it, and as it was counted on the way in. */
  readonly sha256: string;
  readonly slices: readonly Slice[];
}

export interface BackupChunk {
  readonly key: string;
  /** Of the content, and of the object in the store. */
  readonly size: number;
  readonly stored: number;
}

export interface BackupManifest {
  readonly format: 1;
  readonly id: string;
  readonly label: string;
  /** Unix ms. `endedAt` by the database's clock: a restore to an earlier time cannot begin here. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly systemIdentifier: string;
  /** server_version_num: 180004 is 18.4. */
  readonly versionNumber: number;
  readonly timeline: number;
  readonly startLsn: string;
  readonly stopLsn: string;
  readonly segmentBytes: number;
  readonly dataChecksums: boolean;
  readonly folders: readonly string[];
  readonly files: readonly BackupFile[];
  readonly chunks: readonly BackupChunk[];
  readonly bytes: number;
  /** What was new in the store. */
  readonly newBytes: number;
}

export function majorOf(versionNumber: number): number {
  return Math.floor(versionNumber / 10_000);
}

/** '18.4' for 180004. */
export function versionWords(versionNumber: number): string {
  return `${majorOf(versionNumber)}.${versionNumber % 10_000}`;
}

/** Names sort by time, also within a second: '20261122T040000Z-0fa3f9a01', where 0fa are the milliseconds and the rest is chance. */
export function makeBackupId(wall: number, chance: string): string {
  const stamp = new Date(wall).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  const millis = (Math.floor(wall) % 1000).toString(16).padStart(3, '0');
  return `${stamp}-${millis}${chance}`;
}

export function isBackupId(text: string): boolean {
  return /^\d{8}T\d{6}Z-[0-9a-f]{4,16}$/.test(text);
}

/** Throws HALE_PLATFORM_BACKUP_DAMAGED with every reason at once. */
export function parseManifest(text: string, name: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${name} is no JSON`, { cause });
  }
  const problems = manifestProblems(value as BackupManifest);
  if (problems.length > 0) {
    const words = problems.slice(0, 5).join('; ');
    throw backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${name} is no packing list of a backup: ${words}`);
  }
  return value as BackupManifest;
}

const numbers = ['startedAt', 'endedAt', 'versionNumber', 'timeline', 'segmentBytes', 'bytes', 'newBytes'] as const;
const lists = ['folders', 'files', 'chunks'] as const;

function manifestProblems(manifest: BackupManifest): readonly string[] {
  if (typeof manifest !== 'object' || manifest === null) return ['it is empty'];
  if (manifest.format !== 1) return [`its format is ${String(manifest.format)}, this version reads 1`];
  const wrong = [
    ...numbers.filter((field) => !Number.isFinite(manifest[field])),
    ...lists.filter((field) => !Array.isArray(manifest[field])),
    ...(isBackupId(String(manifest.id)) ? [] : ['id']),
    ...(isLsn(manifest.startLsn) && isLsn(manifest.stopLsn) ? [] : ['startLsn']),
    ...(/^\d+$/.test(String(manifest.systemIdentifier)) ? [] : ['systemIdentifier']),
  ];
  if (wrong.length > 0) return wrong.map((field) => `${field} is wrong`);
  return [
    ...manifest.folders.filter((path) => !isInside(path)).map((path) => `the folder '${path}' leads elsewhere`),
    ...manifest.files.flatMap((file) => fileProblems(file, manifest.chunks)),
    ...neededFiles
      .filter((path) => !manifest.files.some((file) => file.path === path))
      .map((path) => `${path} is missing`),
  ];
}

/** Without the label PostgreSQL would start such a copy as if it had only crashed, and corrupt it silently. */
const neededFiles = ['backup_label', 'global/pg_control', 'PG_VERSION'];

function fileProblems(file: BackupFile, chunks: readonly BackupChunk[]): readonly string[] {
  if (!isInside(file.path)) return [`the file '${file.path}' leads elsewhere`];
  const length = file.slices.reduce((sum, [, , length]) => sum + length, 0);
  if (length !== file.size) return [`the pieces of ${file.path} are ${length} bytes, not ${file.size}`];
  const outside = file.slices.some(
    ([chunk, offset, length]) => offset < 0 || offset + length > (chunks[chunk]?.size ?? -1),
  );
  return outside ? [`a piece of ${file.path} is outside its chunk`] : [];
}

export function isInside(path: unknown): boolean {
  return typeof path === 'string' && path !== '' && !path.startsWith('/') && !path.split('/').includes('..');
}

function isLsn(text: string): boolean {
  try {
    return parseLsn(text) >= 0n;
  } catch {
    return false;
  }
}

export function startOf(manifest: BackupManifest): { readonly timeline: number; readonly from: Lsn } {
  return { timeline: manifest.timeline, from: parseLsn(manifest.startLsn) };
}

/** From there on it is whole: only a timeline that was begun later goes on from it. */
export function endOf(manifest: BackupManifest): { readonly timeline: number; readonly from: Lsn } {
  return { timeline: manifest.timeline, from: parseLsn(manifest.stopLsn) };
}
