// The door number: the port of a database is chosen once and written down, because services are told it for life.
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { isCluster, type PostgresSpec, type SystemSpec } from '@hale/model';
import { databaseListener, readerListener } from '../process/bindings.ts';
import { resolveReference } from '../process/environment.ts';
import { readListenerPorts } from '../process/ports.ts';
import { type PostgresAddress, postgresUrl, serviceUrl, superuserUrl } from './connection.ts';
import { dataHome, readPassword, readText } from './data-folder.ts';
import { postgresError } from './errors.ts';

/** `.hale/data/<name>` of a system. */
export function homeOf(root: string, name: string): string {
  return dataHome(join(root, '.hale'), name);
}

/** The declared port, or the one that was chosen at the first start and written to `<home>/port`. */
export async function portOf(home: string, declared: number | undefined, name = 'port'): Promise<number> {
  const known = declared ?? writtenPort(home, name);
  if (known !== undefined) return known;
  await mkdir(home, { recursive: true, mode: 0o700 });
  const port = await freePort();
  const draft = `${join(home, name)}.${process.pid}`;
  await writeFile(draft, `${port}\n`);
  // A link fails where there is a file: of two who choose at once, the first one's choice holds.
  await link(draft, join(home, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft);
  return writtenPort(home, name) ?? port;
}

function writtenPort(home: string, name = 'port'): number | undefined {
  const port = Number(readText(join(home, name)));
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

/** Throws HALE_PLATFORM_POSTGRES_PORT_IN_USE when somebody listens on `port`. */
export async function assertPortFree(port: number): Promise<void> {
  try {
    await tryPort(port);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_PORT_IN_USE',
      `port ${port} of the database is taken by another program`,
      {
        cause,
        details: { port },
      },
    );
  }
}

type Declared = Pick<SystemSpec, 'root' | 'resources'>;

/**
 * What a service is told as HALE_DB_<NAME> (and DATABASE_URL), as the role of services; with 'read', where a cluster's standbys are read. It holds the
 * password: for the environment of a process only (INV-12). Undefined before the database's first start, and for the readers of
 * one that has none. Of a server elsewhere it is what was declared. Throws HALE_PLATFORM_SECRET_MISSING, _ENV_MISSING, _SECRETS_OPEN.
 */
export function resourceUrl(system: Declared, name: string, purpose: 'write' | 'read' = 'write'): string | undefined {
  const resource = system.resources[name];
  if (resource?.url !== undefined) return purpose === 'read' ? undefined : elsewhereUrl(system.root, resource);
  const at = addressOf(system, name, purpose);
  return at && serviceUrl(at);
}

/**
 * The same place as the superuser: for Hale's own questions, backups and orders, and never for a service. It leads into Hale's own database there, because
 * what owns one may change how sessions in it work; with 'services' into theirs. Of a server elsewhere it is what was declared.
 */
export function ownUrl(system: Declared, name: string, where: 'own' | 'services' = 'own'): string | undefined {
  const resource = system.resources[name];
  if (resource?.url !== undefined) return elsewhereUrl(system.root, resource);
  const at = addressOf(system, name, 'write');
  return at && (where === 'own' ? postgresUrl(at) : superuserUrl(at));
}

function addressOf(system: Declared, name: string, purpose: 'write' | 'read'): PostgresAddress | undefined {
  const resource = system.resources[name];
  if (resource === undefined) return undefined;
  const home = homeOf(system.root, name);
  const password = readPassword(home);
  const ports = readListenerPorts(system.root);
  const single = purpose === 'read' ? undefined : (resource.port ?? writtenPort(home));
  const relay = ports[purpose === 'read' ? readerListener(name) : databaseListener(name)];
  const port = isCluster(resource) ? relay : single;
  return password === undefined || port === undefined ? undefined : { port, password, database: resource.database };
}

/** The address of a server that somebody else runs, from `.hale/secrets.env` or the environment of whoever asks. Undefined: it is ours. */
export function elsewhereUrl(root: string, { name, url }: Pick<PostgresSpec, 'name' | 'url'>): string | undefined {
  return url === undefined ? undefined : resolveReference(`the url of ${name}`, url, { root, host: process.env });
}

function freePort(): Promise<number> {
  return tryPort(0);
}

/** Binds and lets go; gives the port. */
function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}
