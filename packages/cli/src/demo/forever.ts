// The demo for a person: the shop's addresses, a steady crowd, and a story. Every twenty seconds or so something is broken
// on purpose; what Hale did about it is told as it happens, and what the crowd noticed of it.
import { createRng, formatDuration, randomSeed } from '@hale/base';
import { findLiveDrill, type LoadProcess, startLoadProcess, waitUntilHealthy } from '@hale/drill/live';
import { watchSystem } from '../client/live-system.ts';
import { addressesOf, renderAddresses } from '../commands/addresses.ts';
import type { Call } from '../commands/entry.ts';
import { listenForInterrupts } from '../commands/live-session.ts';
import { type DrillSession, openDrillSession } from '../drill/session.ts';
import { exitCodes } from '../errors.ts';
import { pause, styleOf } from '../host.ts';
import { renderFeedLine } from '../terminal/feed-picture.ts';

const programme = [
  'crash',
  'hang',
  'block',
  'control-killed',
  'all-replicas-killed',
  'gateway-worker-killed',
  'keeper-killed',
];
const breakEveryMs = 20_000;
const firstBreakMs = 5_000;

export async function runForever(call: Call, rps: number): Promise<number> {
  const { terminal, clock } = call.host;
  const interrupts = listenForInterrupts(call.host);
  const began = clock.mono();
  terminal.line('starting the shop: a gateway, five services, PostgreSQL (the first start also creates the database)');
  const session = await openDrillSession(call, interrupts.first);
  let load: LoadProcess | undefined;
  try {
    if (!interrupts.first.aborted) await waitUntilHealthy(session.hands, clock);
    terminal.line(`everything serves after ${formatDuration(clock.mono() - began)}`);
    for (const line of renderAddresses(addressesOf(session.system, session.spec), terminal.paint)) terminal.line(line);
    terminal.line(
      terminal.paint.faint(`a crowd of ${rps} requests a second has come in; Ctrl-C takes everything down`),
    );
    const plan = { ...session.plan, mixes: { drill: session.plan.mixes['shop'] ?? session.plan.mixes['drill'] ?? [] } };
    load = startLoadProcess({ url: session.hands.gatewayUrl, rps, plan, seed: randomSeed() });
    await Promise.all([
      narrate(call, session, interrupts.first),
      breakThings(call, { session, load, signal: interrupts.first }),
    ]);
  } finally {
    load?.kill();
    terminal.line('taking everything down');
    await session.close();
    interrupts.release();
    terminal.line('nothing is left running');
  }
  return exitCodes.ok;
}

async function narrate(call: Call, session: DrillSession, signal: AbortSignal): Promise<void> {
  const { host } = call;
  const firstSeq = (await session.system.api.feed(0, 1_000).catch(() => [])).at(-1)?.seq ?? 0;
  await watchSystem({
    host,
    system: session.system,
    signal,
    onChange: (_live, news) => {
      for (const line of news) {
        if (line.seq > firstSeq) host.terminal.line(renderFeedLine(line, { ...styleOf(host), width: undefined }));
      }
    },
  });
}

async function breakThings(
  call: Call,
  { session, load, signal }: { session: DrillSession; load: LoadProcess; signal: AbortSignal },
): Promise<void> {
  const { terminal, clock } = call.host;
  const dice = createRng(randomSeed());
  await pause(clock, firstBreakMs, signal);
  for (let turn = 0; !signal.aborted; turn++) {
    const drill = findLiveDrill(programme[turn % programme.length] ?? 'crash');
    const view = await session.hands.view();
    const unit = drill?.target === 'gateway' ? 'gateway' : (session.plan.service ?? '');
    const replicas = view?.replicas.filter((one) => one.unit === unit && one.phase === 'serving') ?? [];
    const victim = replicas[dice.below(Math.max(1, replicas.length))];
    if (drill !== undefined && view !== undefined && victim !== undefined) {
      await load.mark();
      terminal.line('');
      terminal.line(terminal.paint.strong(`breaking on purpose: ${drill.about}`));
      await drill.strike({ hands: session.hands, view, unit, victim, replicas });
    }
    await pause(clock, breakEveryMs, signal);
    if (signal.aborted) return;
    const { total, failed, severed, p50Ms, p99Ms } = await load.mark();
    terminal.line(
      terminal.paint.faint(
        `the crowd saw: ${total} requests, ${failed} failed, ${severed} severed, p50 ${p50Ms} ms, p99 ${p99Ms} ms`,
      ),
    );
  }
}
