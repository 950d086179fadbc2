// What the brain sees of anything that runs: a service, the gateway's workers and a PostgreSQL node are all
// units of replicas that start in an order, are watched and are healed by the same rules. What differs is written here as data.
import type { UnitName } from './names.ts';
import type { GraceSpec, HangSpec, ProbesSpec } from './spec.ts';

export type UnitRole = 'service' | 'gateway' | 'postgres' | 'relay' | 'backup';

export interface UnitSpec {
  readonly name: UnitName;
  readonly role: UnitRole;
  readonly replicas: number;
  /** Units that must serve before this one starts. */
  readonly uses: readonly UnitName[];
  readonly zones: readonly string[];
  /** Whether a replacement may run beside the one it replaces (a database node and a fixed port cannot). */
  readonly surge: boolean;
  /** Whether it stands in the endpoint table. */
  readonly routed: boolean;
  readonly probes: ProbesSpec;
  readonly hang: HangSpec;
  readonly grace: GraceSpec;
  readonly memoryBytesMax: number | undefined;
  /** Changes exactly when a running replica must be replaced to follow the declaration (program, env, cwd, ports...). Not on `replicas`. */
  readonly fingerprint: string;
  /** Its replicas copy one primary among them; absent where each stands for itself. */
  readonly cluster?: ClusterSpec;
}

export interface ClusterSpec {
  /** Standbys that must have a commit on disk before it is acknowledged (k of the n others, any). */
  readonly acknowledgers: number;
  /** The primary goes on alone when none receives ('available'). Absent: writes wait. */
  readonly mayGoAlone?: true;
  /** Its last replicas are one for each region of `distant`, in that order: they copy, and acknowledge nothing. */
  readonly regions?: { readonly home: string; readonly distant: readonly string[] };
}
