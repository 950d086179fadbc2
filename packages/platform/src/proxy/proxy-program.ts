// The harness that fits every horse: what a pilot asks of a real balancer, whichever it is. One adapter for each program (nginx/, haproxy/).
// A program knows nothing of tables or files of Hale: it is handed one whole configuration at a time and makes it so, or says why not.
import type { Clock } from '@hale/base';
import type { Incarnation, RouteSpec, UnitName } from '@hale/model';
import type { GatewayTotals, ReplicaTraffic, UnitTraffic } from '../gateway/stats.ts';

export interface ProxyProgram {
  readonly name: 'nginx' | 'haproxy';
  /** E.g. '1.22.1'. Throws HALE_PLATFORM_PROXY_MISSING, HALE_PLATFORM_PROXY_TOO_OLD. */
  version(): Promise<string>;
  /** Has the program itself read it, without applying anything. Throws HALE_PLATFORM_PROXY_REFUSED with the program's own words. */
  check(config: ProxyConfig): Promise<void>;
  /** Starts it with `config`, or adopts the one that a former pilot left running and applies `config` to it. Throws as `check`, or HALE_PLATFORM_PROXY_FAILED. */
  start(config: ProxyConfig): Promise<void>;
  /** Live where it can. A refused one (HALE_PLATFORM_PROXY_REFUSED) leaves the working one in place. Never called twice at a time. */
  apply(config: ProxyConfig): Promise<void>;
  /** Whether its process lives; cheap, asked several times a second. */
  isRunning(): boolean;
  /** What it saw since it was started or adopted: counts only grow. */
  tally(): Promise<ProxyTally>;
  /** Ends it: what is under way may finish within `graceMs`, the rest is severed. */
  stop(graceMs: number): Promise<void>;
  /** Lets go of timers and sockets of this process; the program runs on. */
  close(): void;
}

/** Everything that the program is to do, at one moment. Plain data; lists are in a stable order, so equal wishes are equal text. */
export interface ProxyConfig {
  readonly listeners: readonly ProxyListener[];
  readonly routes: readonly RouteSpec[];
  readonly services: readonly ProxyService[];
  /** PEM files of the listener 'tls'. `mark` changes when their contents do. */
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly mark: string } | undefined;
  /** Worker processes or threads. */
  readonly workers: number;
  readonly timeoutMs: number;
  readonly tryTimeoutMs: number;
  readonly holdMs: number;
  readonly bodyBytesMax: number;
}

/** A socket that is bound and listens already; the pilot holds it as `fd`, and the program inherits it (never binds one itself). */
export interface ProxyListener {
  /** 'public', 'tls', or 'svc:<service>'. */
  readonly name: string;
  readonly fd: number;
  readonly host: string;
  readonly port: number;
}

export interface ProxyService {
  readonly name: UnitName;
  readonly idempotencyKeys: boolean;
  /** Who may get new requests. One that leaves this list finishes what it has. */
  readonly members: readonly ProxyMember[];
  /** Path of the unix socket of the pilot's own worker, the backup of this service: it holds requests while nobody is up. The same for every pilot. */
  readonly holdSocket: string;
}

export interface ProxyMember {
  readonly incarnation: Incarnation;
  readonly address: string;
  readonly port: number;
  /** 1 to 100. */
  readonly weight: number;
}

export interface ProxyTally {
  readonly totals: Readonly<GatewayTotals>;
  /** By incarnation; `oldestWaitMs` is 0 where the program does not know it. */
  readonly replicas: Readonly<Record<string, ReplicaTraffic>>;
  readonly perUnit: Readonly<Record<UnitName, UnitTraffic>>;
}

/** What an adapter is made with. */
export interface ProxyOptions {
  readonly clock: Clock;
  readonly bin: string;
  /** Exists, 0700, short (a socket in it fits into 107 bytes), and is the same for every pilot of this system. */
  readonly folder: string;
  /** For the program: without HALE_INCARNATION and the like of the pilot, so that the pilot's end is not the program's; with HALE_SYSTEM. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the program's own words go: the pilot's log. */
  readonly say: (line: string) => void;
}
