// The demo as a test: each of five drills once, in a shop of its own start, one line of JSON each.
import { formatDuration, randomSeed } from '@hale/base';
import { findLiveDrill, runLiveDrill, waitUntilHealthy } from '@hale/drill/live';
import { renderResult } from '../commands/drill.ts';
import type { Call } from '../commands/entry.ts';
import { listenForInterrupts } from '../commands/live-session.ts';
import { openDrillSession } from '../drill/session.ts';
import { exitCodes } from '../errors.ts';

const programme = ['crash', 'hang', 'block', 'control-killed', 'gateway-worker-killed'];

/** Gives the exit code: 0 only if every referee of every drill is content. */
export async function runOnce(call: Call, rps: number): Promise<number> {
  const { terminal, clock } = call.host;
  const interrupts = listenForInterrupts(call.host);
  const began = clock.mono();
  const session = await openDrillSession(call, interrupts.first);
  let content = true;
  try {
    await waitUntilHealthy(session.hands, clock);
    if (!call.json) terminal.line(`the shop serves after ${formatDuration(clock.mono() - began)}`);
    for (const name of programme) {
      const drill = findLiveDrill(name);
      if (drill === undefined || interrupts.first.aborted) break;
      const result = await runLiveDrill({
        drill,
        hands: session.hands,
        clock,
        seed: randomSeed(),
        unit: session.plan.service,
        plan: session.plan,
        rps,
        steadyMs: 2_000,
        settleMs: 500,
      });
      content &&= result.verdict !== 'failed';
      if (call.json) terminal.json(result);
      else for (const line of renderResult(result)) terminal.line(line);
    }
  } finally {
    await session.close();
    interrupts.release();
  }
  if (interrupts.first.aborted) return exitCodes.interrupted;
  return content ? exitCodes.ok : exitCodes.failure;
}
