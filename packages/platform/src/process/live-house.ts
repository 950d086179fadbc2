// A whole house for a live test: a temporary folder, a keeper, a platform in this process and the helpers to order and to wait.
// Everything it starts ends with `close`; nothing is asserted about time.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystemClock } from '@hale/base';
import type {
  Command,
  CommandBody,
  CommandId,
  CommandResult,
  Incarnation,
  Observation,
  ReplicaId,
  ReplicaObservation,
  SystemSpec,
} from '@hale/model';
import type { Platform } from '@hale/ports';
import { connectKeeper, type KeeperClient } from '../keeper/client.ts';
import type { ControlRequest } from '../keeper/protocol.ts';
import { runtimeDirOf } from '../keeper/runtime-dir.ts';
import { startKeeper } from '../keeper/start.ts';
import { createKeeperSource } from './keeper-source.ts';
import { createProcessPlatform } from './platform.ts';

export interface LiveHouse {
  readonly root: string;
  readonly runtimeDir: string;
  readonly keeper: KeeperClient;
  readonly seen: Map<Incarnation, ReplicaObservation>;
  write(name: string, text: string): string;
  /** A platform of the next epoch over this house; the one before is let go. */
  attach(spec: SystemSpec): Promise<Platform>;
  order(body: CommandBody): Promise<CommandResult>;
  start(replica: string, incarnation: string): Promise<CommandResult>;
  until<T>(what: string, find: () => T | undefined | false | Promise<T | undefined | false>): Promise<T>;
  log(replica: string): string;
  close(): Promise<void>;
}

const untilMsMax = 20_000;

export async function openLiveHouse(options: { control?: (root: string) => ControlRequest } = {}): Promise<LiveHouse> {
  const root = mkdtempSync(join(os.tmpdir(), 'hale-live-'));
  mkdirSync(join(root, '.hale'), { mode: 0o700 });
  const runtimeDir = runtimeDirOf('', { HALE_RUNTIME_DIR: join(root, 'run') });
  const keeper = await startKeeper({ root, runtimeDir, control: options.control?.(root) });
  const clock = createSystemClock();
  const seen = new Map<Incarnation, ReplicaObservation>();
  let epoch = 0;
  let commands = 0;
  let platform: Platform | undefined;

  const take = (observation: Observation) => {
    if (observation.full) seen.clear();
    for (const replica of observation.replicas) seen.set(replica.incarnation, replica);
  };
  const house: LiveHouse = {
    root,
    runtimeDir,
    keeper,
    seen,
    write(name, text) {
      const path = join(root, name);
      writeFileSync(path, text);
      return path;
    },
    async attach(spec) {
      await platform?.release();
      epoch++;
      platform = createProcessPlatform({
        keeper: createKeeperSource({ root, runtimeDir, restart: false }),
        root,
        runtimeDir,
        systemId: spec.id,
        epoch,
        clock,
        launchers: {},
        resourceUrl: () => undefined,
      });
      await platform.declare(spec, 1);
      platform.observe(take);
      return platform;
    },
    order(body) {
      const id = `command-${++commands}` as CommandId;
      const at = { wall: 0, mono: 0, bootId: 'boot' };
      const command = { id, epoch, at, deadlineMs: 15_000, reason: 'test', incident: undefined, ...body } as Command;
      if (platform === undefined) throw new Error('attach first');
      return platform.execute(command);
    },
    start: (replica, incarnation) =>
      house.order({
        kind: 'StartReplica',
        replica: replica as ReplicaId,
        incarnation: incarnation as Incarnation,
        release: 1,
        zone: 'a',
      }),
    async until(what, find) {
      for (const deadline = Date.now() + untilMsMax; Date.now() < deadline; await sleep(20)) {
        const found = await find();
        if (found !== undefined && found !== false) return found;
      }
      throw new Error(`waited in vain until ${what}; seen: ${JSON.stringify([...seen.values()], null, 1)}`);
    },
    log(replica) {
      const path = join(root, '.hale', 'logs', `${replica.replace('/', '-')}.log`);
      return existsSync(path) ? readFileSync(path, 'utf8') : '';
    },
    async close() {
      await platform?.release();
      const last = await connectKeeper(runtimeDir);
      await last?.shutdown();
      keeper.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
  return house;
}
