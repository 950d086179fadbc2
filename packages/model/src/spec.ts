// The drawing of a system after parsing: every default filled in, every duration in milliseconds, plain JSON.
// It is what the journal holds and what the brain, the hands and the window read. The user's face of it
// (defineSystem, service, ...) is declaration.ts; the way from there to here is parse.ts.
import type { UnitName } from './names.ts';

/** A whole system. `id` is a UUID that lives as long as the system's data. */
export interface SystemSpec {
  readonly name: string;
  readonly id: string;
  /** The absolute folder that holds the declaration; paths in it are resolved against this. */
  readonly root: string;
  readonly zones: readonly string[];
  /** The first is where everything runs; databases with standbys have a copy in each of the others. Absent: one region without a name. */
  readonly regions?: readonly string[];
  readonly services: Readonly<Record<UnitName, ServiceSpec>>;
  readonly resources: Readonly<Record<UnitName, ResourceSpec>>;
  readonly gateway: GatewaySpec | undefined;
  /** By database. Apart from the database itself: a change of it restarts nothing. */
  readonly backups?: Readonly<Record<UnitName, BackupSpec>>;
}

export interface BackupSpec {
  /** Of the object store, as declared. */
  readonly url: string;
  readonly keepMs: number;
  /** A new one is taken when the last is older. */
  readonly everyMs: number;
  /** The newest is restored into a scratch database when the last proof is older. */
  readonly proveMs: number;
  /** The log is followed into the store, so that any moment can be restored to. */
  readonly pitr: boolean;
  /** A commit is acknowledged only when its log is flushed in the spool; one node only. */
  readonly synchronous: boolean;
  /** The key, as a reference; absent: nothing is encrypted. */
  readonly encrypt?: Extract<EnvValue, { kind: 'env' | 'secret' }>;
}

/** A value of an environment variable: literal text, or a reference that is resolved only when a process is spawned (INV-12). */
export type EnvValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'env'; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: 'secret'; readonly name: string };

export type Program =
  | { readonly kind: 'module'; readonly file: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

export interface ServiceSpec {
  readonly name: UnitName;
  readonly program: Program;
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, EnvValue>>;
  /** Absolute path of a file of NAME=value lines, read when a process is spawned. */
  readonly envFile: string | undefined;
  /** A fixed port (one replica only); undefined: Hale picks one. */
  readonly port: number | undefined;
  readonly replicas: number;
  readonly zones: readonly string[];
  readonly uses: readonly UnitName[];
  readonly probes: ProbesSpec;
  readonly hang: HangSpec;
  readonly limits: { readonly memoryBytes: number | undefined };
  readonly grace: GraceSpec;
  readonly slo: { readonly availability: number | undefined; readonly p99Ms: number | undefined };
  /** It keeps the answer to a request's Idempotency-Key (decision 0006), so the gateway may send such a request again. */
  readonly idempotencyKeys: boolean;
  /** Absolute path of the file that describes its API. */
  readonly api: string | undefined;
}

export interface ProbesSpec {
  /** Gates the other two until it has passed once. Without one, the port accepting connections is the sign of a start. */
  readonly startup: ProbeSpec;
  /** Failing takes the replica out of rotation. Undefined: only connecting to the port is asked. */
  readonly ready: ProbeSpec | undefined;
  /** Failing is a witness for a restart, never the only one. */
  readonly live: ProbeSpec | undefined;
}

export type ProbeCheck =
  | { readonly kind: 'http'; readonly path: string }
  | { readonly kind: 'tcp' }
  | { readonly kind: 'exec'; readonly argv: readonly string[] }
  /** No probe of our own: the process being alive is all that is asked (a worker without a port). */
  | { readonly kind: 'alive' };

export interface ProbeSpec {
  readonly check: ProbeCheck;
  /** Time between checks while all is well, while one has failed, and while it is down. */
  readonly everyMs: { readonly steady: number; readonly suspicious: number; readonly down: number };
  readonly timeoutMs: number;
  /** Consecutive failures that count as failing. */
  readonly failures: number;
  /** Consecutive passes that count as passing again. */
  readonly successes: number;
  /** Startup only: the whole time a start may take. */
  readonly withinMs: number;
}

export interface HangSpec {
  /** A blocked loop or a stopped process is condemned after this long (default 3,000; at least twice the longest pause seen). */
  readonly afterMs: number;
  /** 'replace' heals; 'observe' only takes out of rotation and opens an incident. */
  readonly action: 'replace' | 'observe';
}

export interface GraceSpec {
  /** Out of rotation for this long before SIGTERM, so that callers have seen it. */
  readonly drainMs: number;
  /** From SIGTERM to SIGKILL of the process group. */
  readonly stopMs: number;
}

export type ResourceSpec = PostgresSpec;

export interface PostgresSpec {
  readonly kind: 'postgres';
  readonly name: UnitName;
  readonly database: string;
  readonly port: number | undefined;
  /** A server elsewhere, which Hale does not start; resolved only where a process is spawned or a question asked (INV-12). */
  readonly url?: Extract<EnvValue, { kind: 'env' | 'secret' }>;
  /** Absolute path of the folder with the server's programs; absent: the build from npm. Of one elsewhere: what proves its backups. */
  readonly bin?: string;
  /** Nodes beside the primary that copy it; absent for a single node. A cluster is reached through a relay. */
  readonly standbys?: number;
  /** Absent: 'no-acked-loss'. */
  readonly durability?: 'available';
}

export interface GatewaySpec {
  /** 0 picks a free one, once, kept for the system's life. */
  readonly port: number;
  /** Address to listen on, '127.0.0.1' by default. */
  readonly host: string;
  readonly workers: number;
  readonly routes: readonly RouteSpec[];
  /** The whole time a request may take, tries and holding included. */
  readonly timeoutMs: number;
  /** One try's time to the first response byte. */
  readonly tryTimeoutMs: number;
  /** How long a request is held while no replica is up. */
  readonly holdMs: number;
  readonly bodyBytesMax: number;
  readonly program: GatewayProgram;
  /** A second public socket, which speaks TLS; the first stays plain. */
  readonly tls: TlsSpec | undefined;
}

/** Who passes requests on: Hale's own workers, or a real balancer that a pilot drives (decision 0005). */
export type GatewayProgram = { readonly kind: 'embedded' } | ProxyProgramSpec;

export interface ProxyProgramSpec {
  readonly kind: 'nginx' | 'haproxy';
  /** Absolute path, or a word that is looked for on the PATH. */
  readonly bin: string;
  /** Only the upstreams are written, into a program that the team runs itself. */
  readonly include: IncludeSpec | undefined;
}

export interface IncludeSpec {
  /** Absolute path of the one file that Hale writes. */
  readonly file: string;
  /** What makes the team's program read it. */
  readonly reload: readonly string[];
  /** What checks the team's whole configuration first; undefined: `reload` is trusted to refuse a bad one. */
  readonly check: readonly string[] | undefined;
}

/** Absolute paths of PEM files; they are followed while running. */
export interface TlsSpec {
  readonly certFile: string;
  readonly keyFile: string;
  /** 0 picks a free one, once, kept for the system's life. */
  readonly port: number;
}

/** Longest prefix wins; prefixes start with '/'. */
export interface RouteSpec {
  readonly prefix: string;
  readonly service: UnitName;
}
