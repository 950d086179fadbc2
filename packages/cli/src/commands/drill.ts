// `hale drill list` and `hale drill run NAME`: a fault injected on purpose into a running system, under load, judged by
// referees. It works on the system that runs in the folder, else brings one up for the drill and takes it down after.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration, randomSeed } from '@hale/base';
import {
  type DrillResult,
  findLiveDrill,
  type LiveDrill,
  liveDrills,
  runLiveDrill,
  summarizeRuns,
} from '@hale/drill/live';
import { openDrillSession } from '../drill/session.ts';
import { cliError, exitCodes } from '../errors.ts';
import { findSystemRoot } from '../system/folder.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { listenForInterrupts } from './live-session.ts';
import { wholeNumber } from './whole-number.ts';

export const drillCommand: CommandEntry = {
  usage: 'drill <action> [name]',
  summary: 'list the drills, or run one: a fault on purpose, with referees',
  group: 'Act',
  shape: (command) =>
    command
      .option('--runs <count>', 'how often', '1')
      .option('--seed <number>', 'the dice to throw again')
      .option('--rps <number>', 'requests a second during the drill', '1000')
      .option('--service <name>', 'the service to break, if not the one of hale.load.json')
      .addHelpText('after', '\nactions: list, run'),
  async run(call) {
    const [action, name] = call.args;
    if (action === 'list') return list(call);
    if (action === 'run' && name !== undefined) return runNamed(call, name);
    throw cliError('HALE_CLI_USAGE', 'drill wants an action: list, or run with the name of a drill', {
      hint: 'hale drill list',
    });
  },
};

function list({ host: { terminal }, json }: Call): number {
  const drills = liveDrills.map(({ name, about, ending }) => ({ name, about, ending }));
  if (json) terminal.json(drills);
  else for (const { name, about } of drills) terminal.line(`${terminal.paint.name(name.padEnd(24))}  ${about}`);
  return exitCodes.ok;
}

async function runNamed(call: Call, name: string): Promise<number> {
  const drill = findLiveDrill(name);
  if (drill === undefined) {
    throw cliError('HALE_CLI_UNKNOWN_NAME', `there is no drill '${name}'`, {
      hint: `hale drill list: ${liveDrills.map((one) => one.name).join(', ')}`,
    });
  }
  const interrupts = listenForInterrupts(call.host);
  const folder = folderOfDrill(call.folder);
  try {
    const session = await openDrillSession({ ...call, folder }, interrupts.first);
    try {
      const results = await runOften(call, { drill, session, signal: interrupts.first });
      return report(call, results);
    } finally {
      await session.close();
    }
  } finally {
    interrupts.release();
  }
}

async function runOften(
  call: Call,
  given: { drill: LiveDrill; session: Awaited<ReturnType<typeof openDrillSession>>; signal: AbortSignal },
): Promise<readonly DrillResult[]> {
  const { drill, session, signal } = given;
  const seedText = textOption(call, 'seed');
  const firstSeed = seedText === undefined ? randomSeed() : wholeNumber(0)(seedText);
  const runs = wholeNumber(1)(textOption(call, 'runs') ?? '1');
  const results: DrillResult[] = [];
  for (let run = 0; run < runs && !signal.aborted; run++) {
    const result = await runLiveDrill({
      drill,
      hands: session.hands,
      clock: call.host.clock,
      seed: (firstSeed + run) >>> 0,
      unit: textOption(call, 'service') ?? session.plan.service,
      plan: session.plan,
      rps: wholeNumber(1)(textOption(call, 'rps') ?? '1000'),
      steadyMs: 3_000,
      settleMs: 1_000,
    });
    results.push(result);
    if (!call.json) for (const line of renderResult(result)) call.host.terminal.line(line);
  }
  return results;
}

function report({ host: { terminal }, json }: Call, results: readonly DrillResult[]): number {
  const [only] = results;
  if (only === undefined) return exitCodes.interrupted;
  const summary = results.length === 1 ? only : summarizeRuns(results);
  if (json) terminal.json(summary);
  else if (results.length > 1) for (const line of renderResult(summary)) terminal.line(`all ${line}`);
  return summary.verdict === 'failed' ? exitCodes.failure : exitCodes.ok;
}

/** One drill as a person reads it. */
export function renderResult(result: DrillResult): string[] {
  const time = (ms: number | undefined) => (ms === undefined ? '-' : formatDuration(ms));
  const { total, failed, severed, retried, rps } = result.requests;
  return [
    `${result.drill}: ${result.verdict} (seed ${result.seed})`,
    `  suspected ${time(result.suspectedMs)}  detected ${time(result.detectedMs)}  isolated ${time(result.isolatedMs)}  recovered ${time(result.recoveredMs)}`,
    `  ${total} requests at ${Math.round(rps)}/s: ${failed} failed, ${severed} severed, ${retried} retried by the gateway; ${result.ackedLost} acknowledged lost, ${result.duplicates} doubled`,
    ...result.complaints.map((complaint) => `  ! ${complaint}`),
  ];
}

/** The system of this folder; in the repository's root the shop. */
export function folderOfDrill(folder: string): string {
  const shop = join(folder, 'examples', 'shop');
  const known = findSystemRoot(folder) ?? (existsSync(join(folder, 'hale.config.ts')) ? folder : undefined);
  return known ?? (existsSync(join(shop, 'hale.config.ts')) ? shop : folder);
}
