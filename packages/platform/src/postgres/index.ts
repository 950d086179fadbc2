// The door of the embedded PostgreSQL: the launcher for the platform, the URL for services, the answer for `hale doctor`.
export { resourceUrl } from './address.ts';
export { postgresLauncher } from './launcher.ts';
export { type PostgresSupport, postgresSupport } from './support.ts';
