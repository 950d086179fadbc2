// The words that the keeper understands (decision 0002): JSON lines over a unix socket, requests with `id` and `op`,
// answers with the same id, and `exit` events pushed to everyone. Shapes only; the keeper is main.ts, its caller client.ts.

export const keeperVersion = 1;
/** A line longer than this is a mistake; the connection is closed. */
export const lineBytesMax = 1024 * 1024;

export interface ProcessRecord {
  readonly key: string;
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: tells a process from a later one with the same pid. */
  readonly startTime: string;
  readonly state: 'running' | 'exited' | 'unknown';
  readonly code: number | null;
  readonly signal: string | null;
  /** Unix ms. */
  readonly exitedAt: number | null;
}

export interface SpawnRequest {
  /** Who it is: 'orders/0:01J...'. A second request with the same key answers with the first one's process. */
  readonly key: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment, not an addition. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of the file that takes its output. */
  readonly log: string;
  readonly listeners: readonly string[];
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export interface ListenerRequest {
  readonly name: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

export interface ControlRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export type KeeperRequest =
  | { readonly op: 'hello'; readonly epoch?: number }
  | ({ readonly op: 'bind'; readonly epoch: number } & ListenerRequest)
  | ({ readonly op: 'spawn'; readonly epoch: number } & SpawnRequest)
  | {
      readonly op: 'signal';
      readonly epoch: number;
      readonly key: string;
      readonly signal: string;
      readonly group: boolean;
    }
  | { readonly op: 'list' }
  | { readonly op: 'forget'; readonly epoch: number; readonly key: string }
  | ({ readonly op: 'control'; readonly epoch: number } & ControlRequest)
  | { readonly op: 'shutdown'; readonly epoch: number };

export interface ExitEvent {
  readonly event: 'exit';
  readonly key: string;
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
}

/** A refusal: told to the caller, never thrown past the connection. */
export class KeeperRefusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
