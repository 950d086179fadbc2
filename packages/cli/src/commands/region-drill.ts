// `hale drill run region-loss`: on the system that runs in the folder, else on one that is brought up for it and taken down after.
import { formatDuration } from '@hale/base';
import { exitCodes } from '../errors.ts';
import { drillRegion, type RegionLine } from '../recovery/drill-region.ts';
import { bringUp } from '../system/bring-up.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { latestRelease } from '../system/folder.ts';
import { findSystem, isRunning } from '../system/running.ts';
import { stopSystem } from '../system/stopping.ts';
import type { Call } from './entry.ts';
import { listenForInterrupts } from './live-session.ts';

export const regionDrill = {
  name: 'region-loss',
  about:
    'every node of the home region is killed and stays down: the database moves to the other one, with what is lost counted',
};

const stopPatienceMs = 30_000;

export async function runRegionDrill(call: Call): Promise<number> {
  const interrupts = listenForInterrupts(call.host);
  const signal = interrupts.first;
  try {
    const running = findSystem(call.folder);
    const isThere = running !== undefined && (await isRunning(running));
    const declared = await loadDeclaration(call, undefined);
    const system = isThere ? running : (await bringUp(call.host, declared, signal)).system;
    const spec = latestRelease(system.root)?.spec ?? declared;
    try {
      const line = await drillRegion(call, { system, spec, signal });
      if (call.json) call.host.terminal.json(line);
      else say(call, line);
      return line.verdict === 'healed' ? exitCodes.ok : exitCodes.failure;
    } finally {
      const hurry = new AbortController().signal;
      if (!isThere) await stopSystem(call.host, system, { timeoutMs: stopPatienceMs, hurry, say: () => {} });
    }
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    interrupts.release();
  }
}

function say({ host: { terminal } }: Call, line: RegionLine): void {
  const time = (ms: number | undefined) => (ms === undefined ? '-' : formatDuration(ms));
  terminal.line(
    `${line.database}: ${line.from} was lost, ${line.to} took the first write after ${time(line.recoveredMs)}`,
  );
  const window = line.lostWithinMs === undefined ? '' : `, of the last ${time(line.lostWithinMs)}`;
  terminal.line(`${line.ackedLost} of ${line.acknowledged} acknowledged writes are missing${window}`);
  if (line.told !== undefined) terminal.line(`  ${line.told}`);
  for (const complaint of line.complaints) terminal.line(`  ! ${complaint}`);
  terminal.line(`${line.drill}: ${line.verdict}; home again after ${time(line.homeMs)}`);
}
