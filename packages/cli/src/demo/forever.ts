// The demo for a person: the shop's addresses, a steady crowd, and a story. Every twenty seconds or so something is broken
// on purpose; what Hale does about it is told as it happens, and what the crowd noticed of it.
import { formatDuration, randomSeed } from '@hale/base';
import type { DrillLine, DrillScript } from '@hale/drill';
import { type LoadProcess, runLiveDrill, startLoadProcess, waitUntilHealthy } from '@hale/drill/live';
import { watchSystem } from '../client/live-system.ts';
import { addressesOf, renderAddresses } from '../commands/addresses.ts';
import { findScenario } from '../commands/drill.ts';
import type { Call } from '../commands/entry.ts';
import { listenForInterrupts } from '../commands/live-session.ts';
import type { DrillSession } from '../drill/session.ts';
import { exitCodes } from '../errors.ts';
import { pause, styleOf } from '../host.ts';
import { renderFeedLine } from '../terminal/feed-picture.ts';
import { openDemoSession } from './session.ts';
import { announce } from './story.ts';

/** A crash first: it is what everybody knows. */
const programme = [
  'crash',
  'hang',
  'block',
  'control-killed',
  'all-replicas-killed',
  'gateway-worker-killed',
  'rolling-restart',
  'surge',
  'keeper-killed',
];
const breakEveryMs = 20_000;
const restAtLeastMs = 6_000;
const warmUpMs = 3_000;

export async function runForever(call: Call, rps: number): Promise<number> {
  const { terminal, clock } = call.host;
  const { faint } = terminal.paint;
  const interrupts = listenForInterrupts(call.host);
  const signal = interrupts.first;
  const began = clock.mono();
  try {
    terminal.line(
      'The shop is opening: a gateway, five services, PostgreSQL. (The first time, the database is made too.)',
    );
    const session = await openDemoSession(call, signal);
    try {
      for (const line of renderAddresses(addressesOf(session.system, session.spec), terminal.paint))
        terminal.line(line);
      await waitUntilHealthy(session.hands, clock, signal);
      terminal.line(`Everything serves after ${formatDuration(clock.mono() - began)}.`);
      terminal.line(
        faint(`A crowd of ${rps} requests a second comes in. Ctrl-C closes the shop and leaves nothing behind.`),
      );
      await playUnderLoad(call, { session, rps, signal });
    } finally {
      if (session.isOwned) terminal.line('\nClosing the shop.');
      await session.close();
      if (session.isOwned) terminal.line('Nothing is left running.');
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    interrupts.release();
  }
  return exitCodes.ok;
}

interface Stage {
  readonly session: DrillSession;
  readonly rps: number;
  readonly signal: AbortSignal;
}

async function playUnderLoad(call: Call, stage: Stage): Promise<void> {
  const { session, rps } = stage;
  const plan = { ...session.plan, mixes: { drill: session.plan.mixes['shop'] ?? session.plan.mixes['drill'] ?? [] } };
  const load = startLoadProcess({ url: session.hands.gatewayUrl, rps, plan, seed: randomSeed() });
  try {
    await Promise.all([narrate(call, stage), breakThings(call, { ...stage, load })]);
  } finally {
    load.kill();
  }
}

/** Hale's own words, as they are written into its journal. */
async function narrate(call: Call, { session, signal }: Stage): Promise<void> {
  const { host } = call;
  await watchSystem({
    host,
    system: session.system,
    signal,
    storyFromMs: host.clock.wall(),
    onChange: (_live, news) => {
      for (const line of news) host.terminal.line(renderFeedLine(line, { ...styleOf(host), width: undefined }));
    },
  });
}

async function breakThings(call: Call, stage: Stage & { load: LoadProcess }): Promise<void> {
  const { clock, terminal } = call.host;
  const { signal, load } = stage;
  const firstSeed = randomSeed();
  // The first requests warm everything up; they are no part of the story.
  await pause(clock, warmUpMs, signal);
  for (let turn = 0; !signal.aborted; turn++) {
    const script = findScenario(programme[turn % programme.length] ?? 'crash');
    const began = clock.mono();
    await load.mark();
    const line = await playOne(call, { ...stage, script, seed: (firstSeed + turn) >>> 0 });
    if (signal.aborted || line === undefined) return;
    const { total, failed, severed, p99Ms } = await load.mark();
    for (const text of epilogue(line)) terminal.line(terminal.paint.strong(text));
    const cut = severed > 0 ? `, ${severed} connections cut with the worker that held them` : '';
    terminal.line(
      terminal.paint.faint(`   The crowd asked ${total} times meanwhile: ${failed} failed${cut}; p99 ${p99Ms} ms.`),
    );
    await pause(clock, Math.max(restAtLeastMs, breakEveryMs - (clock.mono() - began)), signal);
  }
}

/** Breaks one thing under the crowd that is there already. */
async function playOne(
  call: Call,
  { session, signal, script, seed }: Stage & { script: DrillScript; seed: number },
): Promise<DrillLine | undefined> {
  const { clock, terminal } = call.host;
  const { hands, plan } = session;
  const onAction = (action: Parameters<typeof announce>[0]) => {
    terminal.line('');
    terminal.line(terminal.paint.strong(`>> ${announce(action)}`));
  };
  try {
    return await runLiveDrill({ script, hands, clock, seed, service: undefined, plan, rps: 0, signal, onAction });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function epilogue(line: DrillLine): readonly string[] {
  if (line.verdict === 'failed') return line.complaints.map((complaint) => `!! ${complaint}`);
  const after = line.recoveredMs === undefined ? '' : ` after ${formatDuration(line.recoveredMs)}`;
  return [`<< All is well again${after}.`];
}
