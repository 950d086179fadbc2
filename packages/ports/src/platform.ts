// The socket between deciding and doing. A platform is the hands: it starts and stops replicas, publishes the
// endpoint table and reports what it sees. It decides nothing. Adapters: processes of one host (platform/process), the simulated twin (drill).
import type { Command, CommandResult, Observation, SystemSpec } from '@hale/model';

/** What these hands can do; the brain plans within it. */
export interface PlatformCapabilities {
  readonly restartsOnExit: boolean;
  readonly ownsLiveness: boolean;
  readonly canFence: boolean;
  readonly surge: boolean;
}

export interface Platform {
  readonly capabilities: PlatformCapabilities;
  /** What to run from now on. Called before the first command of a release; remembers past releases while replicas of them run. */
  declare(spec: SystemSpec, release: number): Promise<void>;
  /**
   * Begins to report: one full observation at once, then every 30 s, and reduced ones between (at most 4 a second a replica).
   * Returns a function that stops reporting.
   */
  observe(sink: (observation: Observation) => void): () => void;
  /** Carries out a command that acts on the world (StartReplica, StopReplica, PublishEndpoints). Idempotent by id. Never throws for operating errors. */
  execute(command: Command): Promise<CommandResult>;
  /** Lets go of everything without stopping a single workload. */
  release(): Promise<void>;
}
