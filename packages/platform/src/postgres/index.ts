// The door of the embedded PostgreSQL: the launcher for the platform, the URL for services, the answer for `hale doctor`, and
// how a standby is made and an old primary brought back.
export { resourceUrl } from './address.ts';
export { type ControlFile, type ControlState, readControlFile } from './control-file.ts';
export { type CopyOptions, type CopyResult, copyCluster } from './copy/copy.ts';
export type { CopySource } from './copy/source.ts';
export { isHalfCopied } from './copy/target.ts';
export { postgresLauncher } from './launcher.ts';
export { type PostgresSupport, postgresSupport } from './support.ts';
