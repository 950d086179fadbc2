// The control room's door: the one loop around the brain, its book, its lease and its foreman. Read loop.ts first.
export type { ApiWorkerData } from './api/messages.ts';
export type { Brain, SystemIdentity } from './brain.ts';
export { type Control, type ControlOptions, startControl } from './control.ts';
export { type ControlErrorCode, controlErrors } from './errors.ts';
export { createExecutor, type Executor, type ExecutorOptions } from './executor.ts';
export { type Checkpoint, readCheckpoint, writeCheckpoint } from './journal/checkpoint.ts';
export { openSqliteJournal, type SqliteJournalOptions } from './journal/sqlite.ts';
export { bootId, isHolderAlive, ownHolder } from './lease/process-holder.ts';
export { openSqliteLease, type SqliteLease, type SqliteLeaseOptions } from './lease/sqlite.ts';
export { createLog, type Log } from './log.ts';
export { type Restored, restore } from './loop/restore.ts';
export { createLoop, type Loop, type LoopOptions } from './loop.ts';
export { openReleases, type Release, type Releases } from './releases.ts';
export { createSecretMask, type SecretMask } from './secret-mask.ts';
