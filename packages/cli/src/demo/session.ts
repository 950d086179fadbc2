// The demo's own shop: brought up on a free port, and known again. A demo that was killed leaves its shop running, with a slip of paper
// in the runtime folder; the next demo finds it, takes the shop over, and takes it down at the end. A shop that a person
// brought up is only borrowed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemSpec } from '@hale/model';
import type { Call } from '../commands/entry.ts';
import { type DrillSession, openDrillSession } from '../drill/session.ts';
import { cliError } from '../errors.ts';
import { holderOfPort, isPortFree } from '../system/free-port.ts';
import { isDead, startTimeOf } from '../system/process-table.ts';
import type { RunningSystem } from '../system/running.ts';

interface Slip {
  readonly pid: number;
  readonly startTime: string | undefined;
}

/** Throws HALE_CLI_REFUSED while another demo plays here. */
export async function openDemoSession(call: Call, signal: AbortSignal): Promise<DrillSession> {
  const say = (text: string) => {
    if (!call.json) call.host.terminal.line(text);
  };
  const owns = (system: RunningSystem) => {
    const slip = readSlip(system);
    if (slip === undefined) {
      say('the shop runs already; it is left running at the end (hale down -C examples/shop stops it)');
      return false;
    }
    if (!isDead(slip.pid) && startTimeOf(slip.pid) === slip.startTime) {
      throw cliError('HALE_CLI_REFUSED', `another demo plays in this shop already (pid ${slip.pid})`, {
        hint: 'look at its terminal, or end it with Ctrl-C there',
      });
    }
    say('an earlier demo was cut off: taking over the shop that it left');
    return true;
  };
  const session = await openDrillSession(call, { signal, owns, adapt: (spec) => moveIfTaken(spec, say) });
  const slip: Slip = { pid: process.pid, startTime: startTimeOf(process.pid) };
  if (session.isOwned) writeFileSync(slipOf(session.system), JSON.stringify(slip));
  return session;
}

const slipOf = (system: RunningSystem) => join(system.runtimeDir, 'demo.json');

function readSlip(system: RunningSystem): Slip | undefined {
  try {
    return JSON.parse(readFileSync(slipOf(system), 'utf8')) as Slip;
  } catch {
    return undefined;
  }
}

/** A demo does not insist on its port. */
async function moveIfTaken(spec: SystemSpec, say: (text: string) => void): Promise<SystemSpec> {
  const { gateway } = spec;
  if (gateway === undefined || gateway.port === 0 || (await isPortFree(gateway.port, gateway.host))) return spec;
  say(
    `port ${gateway.port} is taken by ${holderOfPort(gateway.port) ?? 'another program'}: the shop opens on another one`,
  );
  return { ...spec, gateway: { ...gateway, port: 0 } };
}
