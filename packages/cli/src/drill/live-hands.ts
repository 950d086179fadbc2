// The hands of live drills on this host: real signals to pids that the control room's picture names, and knocks at fault
// doors. A drill on purpose is the only place where the command hurts a system.
import { HaleError } from '@hale/base';
import type { LiveHands } from '@hale/drill/live';
import type { SystemSpec } from '@hale/model';
import { addressesOf } from '../commands/addresses.ts';
import { cliError } from '../errors.ts';
import { findMarked } from '../system/process-table.ts';
import type { RunningSystem } from '../system/running.ts';

const knockWithinMs = 3_000;

/** Throws HALE_CLI_REFUSED when the system has no gateway: a drill without traffic proves nothing. */
export function createLiveHands(system: RunningSystem, spec: SystemSpec): LiveHands {
  const { gateway } = addressesOf(system, spec);
  if (gateway === undefined) {
    throw cliError('HALE_CLI_REFUSED', 'this system has no gateway, so there is no traffic to drill under', {
      hint: "declare one: gateway: { port: 8080, routes: { '/': 'your-service' } }",
    });
  }
  return {
    gatewayUrl: gateway,
    platform: 'process',
    view: () => system.api.system().catch(() => undefined),
    traffic: () => system.api.traffic().catch(() => undefined),
    order: (order) => system.api.order(order),
    signal: (pid, signal) => void process.kill(pid, signal),
    knock,
    controlPid: () => findMarked(system.id).find((one) => one.replica === 'hale/control')?.pid,
    keeperPid: () => system.keeperPid(),
  };
}

async function knock(port: number, fault: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/__drill/${fault}`, {
    method: 'POST',
    signal: AbortSignal.timeout(knockWithinMs),
  });
  const text = await response.text();
  if (response.status === 202) return;
  throw new HaleError({
    code: 'HALE_DRILL_DOOR_CLOSED',
    message: `the replica on port ${port} does not open its fault door (${response.status}): ${text.slice(0, 80).trim()}`,
    hint: 'start the system with HALE_DRILL=1 hale up; drills crash and hang need no door',
  });
}
