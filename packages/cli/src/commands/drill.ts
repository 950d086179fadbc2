// `hale drill list` and `hale drill run NAME`: a fault injected on purpose into a running system, under load, judged by
// referees. It works on the system that runs in the folder, else brings one up for the drill and takes it down after.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatDuration, randomSeed } from '@hale/base';
import { type DrillLine, type DrillScript, drillError, parseDrill, scenarios } from '@hale/drill';
import { pauseBetweenRunsMs, runLiveDrill, summarizeRuns, waitUntilHealthy } from '@hale/drill/live';
import { type DrillSession, openDrillSession } from '../drill/session.ts';
import { cliError, exitCodes } from '../errors.ts';
import { pause } from '../host.ts';
import { findSystemRoot } from '../system/folder.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { listenForInterrupts } from './live-session.ts';
import { recoveryDrill, runRecoveryDrill } from './recovery-drill.ts';
import { regionDrill, runRegionDrill } from './region-drill.ts';
import { wholeNumber } from './whole-number.ts';

export const drillCommand: CommandEntry = {
  usage: 'drill <action> [name]',
  summary: 'list the drills, or run one: a fault on purpose, with referees',
  group: 'Act',
  shape: (command) =>
    command
      .option('--runs <count>', 'how often', '1')
      .option('--seed <number>', 'the dice to throw again')
      .option('--rps <number>', 'requests a second, instead of what the drill says')
      .option('--bare', 'dr: rebuild the whole system in an empty folder, from the store alone')
      .option('--from <url>', 'dr --bare: the store; its key comes from the environment')
      .option('--system <name>', 'dr --bare: which system, where the store holds several')
      .option('--service <name>', 'the service to break, if not the one that the drill names')
      .addHelpText(
        'after',
        '\nactions: list, run. A name is one of the list, or a file of your own that ends in .drill',
      ),
  async run(call) {
    const [action, name] = call.args;
    if (action === 'list') return list(call);
    if (action === 'run' && name === recoveryDrill.name) {
      // A bare drill has no folder but the one in which it was typed.
      const folder = call.options['bare'] === true ? call.folder : folderOfDrill(call.folder);
      return runRecoveryDrill({ ...call, folder });
    }
    if (action === 'run' && name === regionDrill.name)
      return runRegionDrill({ ...call, folder: folderOfDrill(call.folder) });
    if (action === 'run' && name !== undefined) return runNamed(call, name);
    throw cliError('HALE_CLI_USAGE', 'drill wants an action: list, or run with the name of a drill', {
      hint: 'hale drill list',
    });
  },
};

function list({ host: { terminal }, json }: Call): number {
  const all = [...scenarios.map(({ name, about }) => ({ name, about })), recoveryDrill, regionDrill];
  if (json) terminal.json(all);
  else for (const { name, about } of all) terminal.line(`${terminal.paint.name(name.padEnd(24))}  ${about}`);
  return exitCodes.ok;
}

async function runNamed(call: Call, name: string): Promise<number> {
  const script = scriptOf(call, name);
  const interrupts = listenForInterrupts(call.host);
  try {
    const session = await openDrillSession(
      { ...call, folder: folderOfDrill(call.folder) },
      { signal: interrupts.first },
    );
    try {
      return report(call, await runOften(call, { script, session, signal: interrupts.first }));
    } finally {
      await session.close();
    }
  } catch (error) {
    if (interrupts.first.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    interrupts.release();
  }
}

/** One of the list, or a script of your own: a file that ends in .drill. */
function scriptOf(call: Call, name: string): DrillScript {
  if (!name.endsWith('.drill')) return findScenario(name);
  const file = resolve(call.folder, name);
  if (!existsSync(file)) throw cliError('HALE_CLI_UNKNOWN_NAME', `there is no file ${file}`);
  const { value, problems } = parseDrill(readFileSync(file, 'utf8'));
  if (value !== undefined) return value;
  const said = problems.map(({ message, hint }) => `${message} (${hint})`).join('\n');
  throw drillError('HALE_DRILL_BAD_SCRIPT', `${file} cannot be played:\n${said}`);
}

/** Throws HALE_CLI_UNKNOWN_NAME. */
export function findScenario(name: string): DrillScript {
  const script = scenarios.find((one) => one.name === name);
  if (script !== undefined) return script;
  throw cliError('HALE_CLI_UNKNOWN_NAME', `there is no drill '${name}'`, {
    hint: `hale drill list: ${scenarios.map((one) => one.name).join(', ')}`,
  });
}

async function runOften(
  call: Call,
  { script, session, signal }: { script: DrillScript; session: DrillSession; signal: AbortSignal },
): Promise<readonly DrillLine[]> {
  const { clock, terminal } = call.host;
  const number = (name: string, min: number) => {
    const text = textOption(call, name);
    return text === undefined ? undefined : wholeNumber(min)(text);
  };
  const firstSeed = number('seed', 0) ?? randomSeed();
  const [runs, rps, service] = [number('runs', 1) ?? 1, number('rps', 0), textOption(call, 'service')];
  const { hands, plan } = session;
  const everyMs = pauseBetweenRunsMs(script, await waitUntilHealthy(hands, clock, signal));
  const lines: DrillLine[] = [];
  for (let run = 0; run < runs && !signal.aborted; run++) {
    const began = clock.mono();
    const seed = (firstSeed + run) >>> 0;
    const line = await runLiveDrill({
      script,
      hands,
      clock,
      seed,
      service: service ?? plan.service,
      plan,
      rps,
      signal,
    });
    if (signal.aborted) break;
    lines.push(line);
    if (!call.json) for (const text of renderResult(line)) terminal.line(text);
    if (run + 1 < runs) await pause(clock, began + everyMs - clock.mono(), signal);
  }
  return lines;
}

function report({ host: { terminal }, json }: Call, results: readonly DrillLine[]): number {
  const [only] = results;
  if (only === undefined) return exitCodes.interrupted;
  const summary = results.length === 1 ? only : summarizeRuns(results);
  if (json) terminal.json(summary);
  else if (results.length > 1) for (const line of renderResult(summary)) terminal.line(`all ${line}`);
  return summary.verdict === 'failed' ? exitCodes.failure : exitCodes.ok;
}

/** One drill as a person reads it. */
export function renderResult(result: DrillLine): string[] {
  const time = (ms: number | undefined) => (ms === undefined ? '-' : formatDuration(ms));
  const { requests } = result;
  return [
    `${result.drill}: ${result.verdict} (seed ${result.seed}${result.n > 1 ? `, ${result.n} runs, medians` : ''})`,
    `  suspected ${time(result.suspectedMs)}  detected ${time(result.detectedMs)}  isolated ${time(result.isolatedMs)}  recovered ${time(result.recoveredMs)}`,
    ...(requests === undefined
      ? []
      : [
          `  ${requests.total} requests at ${Math.round(requests.rps)}/s: ${requests.failed} failed, ${requests.severed} severed, ${requests.retried} retried by the gateway; ${result.ackedLost} acknowledged lost, ${result.duplicates} doubled`,
        ]),
    ...result.complaints.map((complaint) => `  ! ${complaint}`),
  ];
}

/** The system of this folder; in the repository's root the shop. */
export function folderOfDrill(folder: string): string {
  const shop = join(folder, 'examples', 'shop');
  const known = findSystemRoot(folder) ?? (existsSync(join(folder, 'hale.config.ts')) ? folder : undefined);
  return known ?? (existsSync(join(shop, 'hale.config.ts')) ? shop : folder);
}
