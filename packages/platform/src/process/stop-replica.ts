// Stops one incarnation so that nothing of it is left: asks (SIGTERM to its group), waits, kills the group, then every process anywhere
// that carries its token. It has not stopped until it cannot be found.
import type { CommandBody } from '@hale/model';
import { platformError } from '../errors.ts';
import type { KeeperClient } from '../keeper/client.ts';
import { type Fleet, keyOf } from './fleet.ts';

export type StopCommand = Extract<CommandBody, { kind: 'StopReplica' }>;

const killMsMax = 5000;

/** Throws HALE_PLATFORM_STOP_FAILED when SIGKILL does not end it in 5 s. */
export async function stopReplica(fleet: Fleet, command: StopCommand, keeper: KeeperClient): Promise<void> {
  const { replica, incarnation, graceMs } = command;
  const key = keyOf(replica, incarnation);
  const member = fleet.get(incarnation);
  const isRunning = member !== undefined && member.endedAt === undefined;
  if (isRunning && graceMs > 0) {
    const { stopSignal } = member.launch;
    await keeper.signal(key, stopSignal ?? 'SIGTERM', stopSignal === undefined);
    await fleet.untilEnded(incarnation, graceMs);
  }
  await keeper.signal(key, 'SIGKILL', true);
  const hasEnded = await fleet.untilEnded(incarnation, killMsMax);
  fleet.endStrays(incarnation);
  if (!hasEnded) throw platformError('HALE_PLATFORM_STOP_FAILED', `${replica} does not end, not even by SIGKILL`);
}
