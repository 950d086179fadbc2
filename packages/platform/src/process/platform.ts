// The hands on one host: what the brain orders is done with plain processes, and what is seen of them is told. It decides nothing,
// and letting go of it (or killing it) stops nobody: processes are the keeper's, facts are on disk, and the next one adopts them.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertNever, type Clock, createRng, type Rng, randomSeed } from '@hale/base';
import type { EndpointTable, SystemSpec, UnitRole } from '@hale/model';
import type { Platform } from '@hale/ports';
import { platformError } from '../errors.ts';
import type { KeeperClient } from '../keeper/client.ts';
import { adopt } from './adoption.ts';
import { bindListeners } from './bindings.ts';
import { attempt, createCommandLanes, failure } from './command-lanes.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { createHostMeter } from './host-meter.ts';
import type { KeeperSource } from './keeper-source.ts';
import type { Launcher, NodeOrder } from './launcher.ts';
import { createPortBook, readListenerPorts } from './ports.ts';
import { createReleases } from './releases.ts';
import { createReporter } from './reporter.ts';
import { createServiceLauncher, type ResourceUrl } from './service-launcher.ts';
import { type Starter, startReplica } from './start-replica.ts';
import { stopReplica } from './stop-replica.ts';

export interface ProcessPlatformOptions {
  readonly keeper: KeeperSource;
  /** The folder of the declaration. */
  readonly root: string;
  /** From runtimeDirOf. */
  readonly runtimeDir: string;
  readonly systemId: string;
  /** The leader's epoch: from now on the keeper refuses whoever has a lower one. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly rng?: Rng | undefined;
  /** Recipes of the roles that are not ours: gateway and postgres. */
  readonly launchers: Readonly<Partial<Record<Exclude<UnitRole, 'service'>, Launcher>>>;
  /** The address of a resource, as its users are told. */
  readonly resourceUrl: ResourceUrl;
  /** What is to be written before replicas of a release start (the gateway's routes). */
  readonly onDeclare?: ((spec: SystemSpec, release: number) => Promise<void>) | undefined;
  /** Where env() and secret() are looked up and what processes inherit; process.env by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

const lookEveryMs = 250;

export function createProcessPlatform(options: ProcessPlatformOptions): Platform {
  const { root, runtimeDir, clock, keeper: source } = options;
  const { starter, reporter, listeners } = assemble(options);
  const { fleet, releases } = starter;
  const lanes = createCommandLanes(clock);
  let epochSeen = options.epoch;

  const led = async () => {
    const keeper = await source.get();
    await keeper.lead(epochSeen);
    return keeper;
  };
  const meet = async (keeper: KeeperClient) => {
    await keeper.lead(epochSeen);
    await adopt(starter, keeper);
  };
  const unlisten = [
    source.onExit(fleet.ended),
    // A keeper that goes again at once is replaced again, and this is done for the next one.
    source.onReplaced((keeper) => void meet(keeper).catch(() => {})),
  ];
  const looking = clock.every(lookEveryMs, () => {
    fleet.look();
    reporter.flush();
  });
  let adopted: Promise<void> | undefined;

  return {
    capabilities: { restartsOnExit: false, ownsLiveness: false, canFence: true, surge: true },
    async declare(spec, release) {
      releases.add(release, spec);
      const keeper = await led();
      listeners.ports = await bindListeners({ keeper, spec, root });
      await options.onDeclare?.(spec, release);
      adopted ??= adopt(starter, keeper);
      await adopted;
    },
    observe: (sink) => reporter.begin(sink),
    execute(command) {
      if (command.epoch < epochSeen) return Promise.resolve({ kind: 'stale' });
      epochSeen = command.epoch;
      switch (command.kind) {
        case 'StartReplica':
          return lanes.run(command, command.incarnation, async () => startReplica(starter, command, await led()));
        case 'StopReplica':
          return lanes.run(command, command.incarnation, async () => stopReplica(fleet, command, await led()));
        case 'FenceStandby':
        case 'FollowPrimary':
        case 'PromoteStandby':
          return lanes.run(command, command.incarnation, () => orderNode(fleet, command));
        case 'PublishEndpoints':
          return attempt(async () => publish(command.table, [runtimeDir, join(root, '.hale')]));
        case 'PagePerson':
        case 'WakeUp':
        case 'Tell':
          return Promise.resolve(failure('HALE_PLATFORM_NOT_OURS', `${command.kind} does not act on the world`));
        default:
          return assertNever(command);
      }
    },
    async release() {
      looking.cancel();
      reporter.end();
      for (const stop of unlisten) stop();
      fleet.close();
      source.close();
    },
  };
}

/** Puts the parts together; nothing runs yet. */
function assemble(options: ProcessPlatformOptions) {
  const { root, runtimeDir, systemId, clock, resourceUrl, env = process.env } = options;
  const releases = createReleases(root);
  /** Filled by `declare`. */
  const listeners: { ports: Readonly<Record<string, number>> } = { ports: readListenerPorts(root) };
  const service = createServiceLauncher({ listenerPorts: () => listeners.ports, resourceUrl, env });
  const forget = async (key: string) => (await options.keeper.get()).forget(key);
  const fleet = createFleet({
    root,
    runtimeDir,
    systemId,
    clock,
    rng: options.rng ?? createRng(randomSeed()),
    releases,
    onChange: () => reporter.changed(),
    onEnd: () => reporter.flush(),
    // A keeper that is gone has forgotten too.
    onForget: (key) => void forget(key).catch(() => {}),
  });
  const reporter = createReporter({
    clock,
    observeAll: fleet.observeAll,
    observeHost: createHostMeter(root, clock.mono),
  });
  const ports = createPortBook(clock);
  const launchers = { ...options.launchers, service };
  const starter: Starter = { root, runtimeDir, systemId, clock, fleet, ports, releases, launchers, env };
  return { starter, reporter, listeners };
}

/** Throws HALE_PLATFORM_NOT_RUNNING for one that is not there, or takes no such orders. */
async function orderNode(fleet: Fleet, command: NodeOrder): Promise<number | undefined> {
  const member = fleet.get(command.incarnation);
  if (member?.launch.order === undefined || member.endedAt !== undefined)
    throw platformError('HALE_PLATFORM_NOT_RUNNING', `${command.replica} does not run as a node of a cluster`);
  return member.launch.order(command);
}

/** Written beside and renamed: a reader sees the old table or the new one, never half of one. */
function publish(table: EndpointTable, folders: readonly string[]): void {
  for (const folder of folders) {
    const path = join(folder, 'table.json');
    writeFileSync(`${path}.new`, JSON.stringify(table), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}
