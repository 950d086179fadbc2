// The user's face of a system: what hale.config.ts is written with. Every function here only labels what it is given and
// hands it back; nothing is checked at run time (parse.ts does that, all problems at once), but names are checked by the
// compiler: a `uses` or a route that points at nothing does not compile.
//
//   export default defineSystem({
//     name: 'shop',
//     resources: { db: postgres() },
//     services: { orders: service({ run: 'orders.ts', replicas: 2, uses: ['db'] }) },
//     gateway: { port: 8080, routes: { '/': 'orders' } },
//   });
import type { BytesText, DurationText } from '@hale/base';

/** A variable of the environment of `hale up`, read only when a process is spawned. */
export interface EnvReference {
  readonly kind: 'env';
  readonly name: string;
  readonly fallback?: string;
}

/** Like EnvReference, and never shown: not in the journal, logs, dashboard or rendered files (INV-12). */
export interface SecretReference {
  readonly kind: 'secret';
  readonly name: string;
}

/** A value for a variable of a service: numbers and booleans are written as text. */
export type EnvInput = string | number | boolean | EnvReference | SecretReference;

/** What to ask, and how patiently. Exactly one of `http`, `tcp`, `exec`. */
export interface ProbeOptions {
  /** GET this path on the service's port; 200 to 399 passes. */
  readonly http?: string;
  /** The port accepts a connection. */
  readonly tcp?: true;
  /** This program, run in the service's folder with its environment, ends with 0. */
  readonly exec?: readonly string[];
  /** Time between checks while all is well (default '1s'); once one has failed Hale asks up to five times as often by itself. */
  readonly every?: DurationText;
  /** One check may take this long (default '1s'). */
  readonly timeout?: DurationText;
  /** Failures in a row that count as failing (default 3). */
  readonly failures?: number;
  /** Passes in a row that count as passing again (default 1). */
  readonly successes?: number;
}

export interface StartupProbeOptions extends ProbeOptions {
  /** A start that takes longer than this has failed (default '60s'). */
  readonly within?: DurationText;
}

export interface ProbesOptions {
  /** Gates the other two until it has passed once. Default: the port accepts a connection. */
  readonly startup?: StartupProbeOptions;
  /** Failing sends the replica no new traffic. Default: the port accepts a connection. `false`: a program without a port. */
  readonly ready?: ProbeOptions | false;
  /** Failing is a witness for a restart, never the only one. Default: none. */
  readonly live?: ProbeOptions;
}

export interface ServiceFields<Uses extends string> {
  /** Where it runs, relative to the declaration's folder (default: that folder). */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, EnvInput>>;
  /** A file of NAME=value lines, read at each start; `env` wins over it. */
  readonly envFile?: string;
  /** A fixed port, so one replica only and no replacement beside it. Left out: Hale picks one and says it in PORT. `false`: it has none. */
  readonly port?: number | false;
  /** How many run (default 1). Two or more survive the loss of one without a pause. */
  readonly replicas?: number;
  /** Zones to spread over (default: all of the system's). */
  readonly zones?: readonly string[];
  /** Services and resources that must serve before it starts; each becomes HALE_URL_<SERVICE> or HALE_DB_<NAME>. */
  readonly uses?: readonly Uses[];
  readonly probes?: ProbesOptions;
  /** A loop blocked, or a process stopped, for `after` (default '3s') is replaced; 'observe' only takes it out of rotation and opens an incident. */
  readonly hang?: { readonly after?: DurationText; readonly action?: 'replace' | 'observe' };
  /** Above this a replica is replaced, one at a time. */
  readonly limits?: { readonly memory?: BytesText };
  /** `drain` (default '250ms') out of rotation before SIGTERM; `stop` (default '10s') from SIGTERM to SIGKILL. */
  readonly grace?: { readonly drain?: DurationText; readonly stop?: DurationText };
  /** What you promise: percent of requests answered (99.9) and the 99th percentile of latency. */
  readonly slo?: { readonly availability?: number; readonly p99?: DurationText };
  /** It enforces Idempotency-Key (`createIdempotency` of the SDK), so the gateway may send its POSTs again, and gives a key to those that have none (default false). */
  readonly idempotencyKeys?: boolean;
  /** The file that describes its API: a module that exports an `api({ ... })`, or an OpenAPI document. `hale plan` compares it with what runs. */
  readonly api?: string;
}

/** What to run: a JavaScript or TypeScript file on the Node that runs Hale, or any program. Exactly one of the two. */
export type ServiceProgram =
  | { readonly run: string; readonly command?: never }
  | { readonly command: readonly [string, ...string[]]; readonly run?: never };

export type ServiceOptions<Uses extends string = string> = ServiceFields<Uses> & ServiceProgram;
export type ServiceDeclaration<Uses extends string = string> = ServiceOptions<Uses> & { readonly kind: 'service' };

export interface PostgresOptions {
  /** The database that is made in it (default 'app'). */
  readonly database?: string;
  /** A fixed port. Left out: Hale picks one and keeps it. */
  readonly port?: number;
  /**
   * The folder of the machine's own PostgreSQL, 15 to 18: '/usr/lib/postgresql/15/bin', which brings its extensions along. Left out:
   * the build from npm, which is for development and small systems. Another major version does not read the data of this one.
   */
  readonly bin?: string;
  /**
   * Nodes that copy the primary (default 0, or 2 with `durability`). When the primary is lost, one of them takes over within
   * a fraction of a second. With one, every loss of a node stops writes until it is back; two or more go on.
   */
  readonly standbys?: number;
  /**
   * 'no-acked-loss' (default with standbys): a commit is acknowledged only when a standby has it on disk too, so no failover loses one, and writes
   * wait while there is none. 'available': after 5 s without a standby the primary goes on alone and says so; what it then acknowledges is lost if it
   * is lost too.
   */
  readonly durability?: 'no-acked-loss' | 'available';
  /**
   * A server that somebody else runs: secret('DATABASE_URL'). Hale asks it how it is and says when it does not answer; services get this very address.
   * `bin` then names what proves its backups, where the build from npm is of another major version; all else is the server's own affair.
   */
  readonly url?: EnvReference | SecretReference;
  /** Copies of it are taken, and proven by restoring them. */
  readonly backup?: BackupOptions;
}

export interface BackupOptions {
  /** The name of an objectStore() of `resources`. */
  readonly to: string;
  /** Older ones are taken away (default '14d'); the newest and the last proven one always stay. */
  readonly keep?: DurationText;
  /** A new one is taken when the last is older than this (default '1d'). Only what changed is stored. */
  readonly every?: DurationText;
  /** The newest one is restored into a scratch database, and read, when the last proof is older than this (default '7d'). It needs the database's size of disk for a while. */
  readonly prove?: DurationText;
  /** The log is followed into the store (default true): any moment can be restored to, a second or two behind the present. */
  readonly pitr?: boolean;
  /** Commits wait until their log is flushed outside of the database's disk (default false): nothing acknowledged is lost with it, and nothing is acknowledged while nobody receives. In a cluster in addition to its standbys; not with regions, nor with durability 'available'. */
  readonly synchronous?: boolean;
  /** Encrypts everything with this key: 64 hexadecimal digits (`openssl rand -hex 32`). Who loses it loses the backups. */
  readonly encrypt?: EnvReference | SecretReference;
}

export interface ObjectStoreOptions {
  /** `file:` and a folder (on another disk than the data!), s3://bucket/prefix or azure://container/prefix. */
  readonly url: string;
}

export type PostgresDeclaration = PostgresOptions & { readonly kind: 'postgres' };
export type ObjectStoreDeclaration = ObjectStoreOptions & { readonly kind: 'object-store' };
export type ResourceDeclaration = PostgresDeclaration | ObjectStoreDeclaration;

export interface GatewayOptions<Service extends string> {
  /** Where your users arrive (default 8080; 0 picks a free one, once). */
  readonly port?: number;
  /** Address to listen on (default '127.0.0.1'; '0.0.0.0' lets other machines in). */
  readonly host?: string;
  /** Processes that share the port (default 2): one may die without a refused connection. */
  readonly workers?: number;
  /** Path prefix to service; the longest prefix wins. */
  readonly routes?: Readonly<Record<`/${string}`, Service>>;
  /** The whole time a request may take, tries and holding included (default '30s'). */
  readonly timeout?: DurationText;
  /** One try's time to the first byte of the answer (default '10s'). */
  readonly tryTimeout?: DurationText;
  /** How long a request waits while no replica is up (default '10s'). */
  readonly hold?: DurationText;
  /** How much of a body is kept so that the request can be sent again (default '1MB'); a longer one is passed on, but not repeated. */
  readonly bodyMax?: BytesText;
  /** Serves HTTPS (HTTP/1.1 and HTTP/2) beside the plain port, from PEM files that are followed when they change. */
  readonly tls?: TlsOptions;
}

export interface TlsOptions {
  /** PEM file of the certificate and its chain, relative to the declaration's folder. */
  readonly cert: string;
  /** PEM file of its private key. */
  readonly key: string;
  /** Where HTTPS arrives (default 8443; 0 picks a free one, once). */
  readonly port?: number;
}

export interface ProxyOptions<Service extends string> extends GatewayOptions<Service> {
  /** The program (default: 'nginx' or 'haproxy' on the PATH); a path is seen from the declaration's folder. */
  readonly bin?: string;
}

export interface NginxOptions<Service extends string> extends ProxyOptions<Service> {
  /** Hale writes only this file, of upstreams, into an NGINX that you run yourself; nothing else of it is touched. Needs `reload`. */
  readonly include?: string;
  /** With `include`: makes your NGINX read it, e.g. ['nginx', '-s', 'reload']. */
  readonly reload?: readonly [string, ...string[]];
  /** With `include`: checks your whole configuration first, e.g. ['nginx', '-t']. */
  readonly check?: readonly [string, ...string[]];
}

export type NginxDeclaration<Service extends string = string> = NginxOptions<Service> & { readonly kind: 'nginx' };
export type HaproxyDeclaration<Service extends string = string> = ProxyOptions<Service> & { readonly kind: 'haproxy' };
export type GatewayDeclaration<Service extends string> =
  | (GatewayOptions<Service> & { readonly kind?: never })
  | NginxDeclaration<Service>
  | HaproxyDeclaration<Service>;

type NameOf<T> = Extract<keyof T, string>;

export interface SystemDeclaration<Services, Resources> {
  readonly name: string;
  /** Failure domains (default ['a']). On one host they are labels, and shown as simulated. */
  readonly zones?: readonly string[];
  /** Regions, the first one home: each database with standbys has an asynchronous copy in each of the others. On one host they are labels. */
  readonly regions?: readonly string[];
  readonly resources?: Resources;
  readonly services: Services & {
    readonly [Name in keyof Services]: ServiceDeclaration<NameOf<Services> | NameOf<Resources>>;
  };
  /** Left out: no public port; services still reach each other. */
  readonly gateway?: GatewayDeclaration<NameOf<Services>>;
}

/** Declares the whole system; the default export of hale.config.ts. */
export function defineSystem<
  const Services extends Readonly<Record<string, ServiceDeclaration>>,
  const Resources extends Readonly<Record<string, ResourceDeclaration>> = Record<never, never>,
>(declaration: SystemDeclaration<Services, Resources>): SystemDeclaration<Services, Resources> {
  return declaration;
}

/** A replicated program, in any language. Everything but `run` or `command` has a safe default. */
export function service<const Uses extends string = never>(
  options: ServiceOptions<Uses>,
): ServiceDeclaration<NoInfer<Uses>> {
  return { ...options, kind: 'service' };
}

/** A PostgreSQL that Hale starts, watches and keeps the data of (under .hale/data), alone or with standbys that take over. Users get DATABASE_URL. */
export function postgres(options: PostgresOptions = {}): PostgresDeclaration {
  return { ...options, kind: 'postgres' };
}

/** A place that keeps backups and outlives this machine. */
export function objectStore(options: ObjectStoreOptions): ObjectStoreDeclaration {
  return { ...options, kind: 'object-store' };
}

/** The gateway as an NGINX that Hale configures, starts, reloads and repairs (`apt-get install nginx-light`). */
export function nginx<const Service extends string = never>(
  options: NginxOptions<Service>,
): NginxDeclaration<NoInfer<Service>> {
  return { ...options, kind: 'nginx' };
}

/** The gateway as an HAProxy that Hale configures, starts, drives through its runtime socket and repairs (`apt-get install haproxy`). */
export function haproxy<const Service extends string = never>(
  options: ProxyOptions<Service>,
): HaproxyDeclaration<NoInfer<Service>> {
  return { ...options, kind: 'haproxy' };
}

/** Refers to a variable of the environment; without it and without a fallback, a start fails and says so. */
export function env(name: string, fallback?: string): EnvReference {
  return fallback === undefined ? { kind: 'env', name } : { kind: 'env', name, fallback };
}

/** Refers to a secret, by the name of the environment variable that holds it. Only its name is ever shown. */
export function secret(name: string): SecretReference {
  return { kind: 'secret', name };
}
