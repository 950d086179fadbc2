// The demo as a test: each of five drills once, in a shop of its own start, one line of JSON each.
import { formatDuration, randomSeed } from '@hale/base';
import { runLiveDrill, waitUntilHealthy } from '@hale/drill/live';
import { findScenario, renderResult } from '../commands/drill.ts';
import type { Call } from '../commands/entry.ts';
import { listenForInterrupts } from '../commands/live-session.ts';
import { exitCodes } from '../errors.ts';
import { openDemoSession } from './session.ts';

const programme = ['crash', 'hang', 'block', 'control-killed', 'gateway-worker-killed'];

/** Gives the exit code: 0 only if every referee of every drill is content. */
export async function runOnce(call: Call, rps: number): Promise<number> {
  const { terminal, clock } = call.host;
  const interrupts = listenForInterrupts(call.host);
  const signal = interrupts.first;
  const began = clock.mono();
  let content = true;
  try {
    const session = await openDemoSession(call, signal);
    try {
      await waitUntilHealthy(session.hands, clock, signal);
      if (!call.json) terminal.line(`the shop serves after ${formatDuration(clock.mono() - began)}`);
      const { hands, plan } = session;
      const firstSeed = randomSeed();
      for (const [turn, name] of programme.entries()) {
        const script = findScenario(name);
        // Seeds in a row take turns among the replicas, so that nobody dies twice.
        const seed = (firstSeed + turn) >>> 0;
        const line = await runLiveDrill({ script, hands, clock, seed, service: undefined, plan, rps, signal });
        if (signal.aborted) break;
        content &&= line.verdict === 'healed';
        if (call.json) terminal.json(line);
        else for (const text of renderResult(line)) terminal.line(text);
      }
    } finally {
      await session.close();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    interrupts.release();
  }
  if (signal.aborted) return exitCodes.interrupted;
  return content ? exitCodes.ok : exitCodes.failure;
}
