// What stays behind when a house is copied: today's scraps and the keys to the old locks. The list is that of PostgreSQL's own
// BASE_BACKUP (src/backend/backup/basebackup.c, and "Making a Base Backup" in its manual), plus the signal files, because
// whether the copy follows somebody is for its owner to say. pg_control is copied by itself, last. Pure.

/** Folders that must exist in a copy and must be empty there. */
const emptied: ReadonlySet<string> = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_tblspc',
]);

const topFiles: ReadonlySet<string> = new Set([
  'postmaster.pid',
  'postmaster.opts',
  'postgresql.auto.conf.tmp',
  'current_logfiles',
  'current_logfiles.tmp',
  'backup_label',
  'tablespace_map',
  'backup_manifest',
  'recovery.signal',
  'standby.signal',
]);

export const controlPath = 'global/pg_control';
/** Present from the first change to a folder until its copy is whole. */
export const markerName = 'hale.copying';

/** Names of folders whose contents are not even listed. */
export const emptiedFolders: readonly string[] = [...emptied];

/** Is the file left out whatever else there is? `path` is relative to the data folder, with slashes. */
export function isSkipped(path: string): boolean {
  const steps = path.split('/');
  const name = steps.at(-1) ?? '';
  if (path === controlPath || path === markerName) return true;
  if (steps.length > 1 && emptied.has(steps[0]!)) return true;
  if (steps.length === 1 && topFiles.has(name)) return true;
  if (name.startsWith('pg_internal.init')) return true;
  if (steps.some((step) => step.startsWith('pgsql_tmp'))) return true;
  // A temporary table belongs to one session of the old house: base/5/t3_16384.
  return steps[0] === 'base' && /^t\d+_\d+/.test(name);
}

/** Those of `paths` that a copy holds: without scraps, and without what an unlogged table holds today (its init fork is enough). */
export function keepPaths(paths: readonly string[]): readonly string[] {
  const unlogged = new Set(
    paths.filter((path) => path.endsWith('_init')).map((path) => path.slice(0, -'_init'.length)),
  );
  return paths.filter((path) => !isSkipped(path) && !belongsToUnlogged(path, unlogged));
}

function belongsToUnlogged(path: string, unlogged: ReadonlySet<string>): boolean {
  const match = /^(base\/\d+\/\d+)(?:_(fsm|vm))?(?:\.\d+)?$/.exec(path);
  return match !== null && unlogged.has(match[1]!);
}

/** Made of 8 kB pages that PostgreSQL writes one by one; everything else is taken in one breath, so that it is of one piece. */
export function isPaged(path: string): boolean {
  return (
    /^(?:base\/\d+|global)\/\d+(?:_(?:fsm|vm|init))?(?:\.\d+)?$/.test(path) || /^pg_(?:xact|multixact)\//.test(path)
  );
}

/** May this name be joined to the data folder? The source may be hostile. */
export function isSafePath(path: string): boolean {
  if (path === '' || path.startsWith('/') || /[\0\\]/.test(path)) return false;
  return path.split('/').every((step) => step !== '' && step !== '.' && step !== '..');
}
