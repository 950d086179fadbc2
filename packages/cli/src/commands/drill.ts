// `hale drill list` and `hale drill run NAME`: a fault injected on purpose into a running system, judged by referees.
// The drills and their live hands belong to @hale/drill; this file only finds the folder, opens that door and passes on
// what came through it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cliError, exitCodes } from '../errors.ts';
import { findSystemRoot } from '../system/folder.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { wholeNumber } from './whole-number.ts';

/** What this door asks of @hale/drill/live. */
interface LiveDrills {
  listDrills(): readonly { readonly name: string; readonly summary: string }[];
  runDrill(wish: DrillWish): Promise<{ readonly verdict: 'healed' | 'escalated' | 'failed' }>;
}

interface DrillWish {
  readonly name: string;
  readonly folder: string;
  readonly runs: number;
  readonly seed: number | undefined;
  /** Called with each finished line of the report. */
  readonly print: (line: string) => void;
  readonly json: boolean;
}

export const drillCommand: CommandEntry = {
  usage: 'drill <action> [name]',
  summary: 'list the drills, or run one: a fault on purpose, with referees',
  group: 'Act',
  shape: (command) =>
    command
      .option('--runs <count>', 'how often', '1')
      .option('--seed <number>', 'the dice to throw again')
      .addHelpText('after', '\nactions: list, run'),
  async run(call) {
    const [action, name] = call.args;
    if (action === 'list') return list(call, await openLive());
    if (action === 'run' && name !== undefined) return runOne(call, await openLive(), name);
    throw cliError('HALE_CLI_USAGE', 'drill wants an action: list, or run with the name of a drill', {
      hint: 'hale drill list',
    });
  },
};

async function openLive(): Promise<LiveDrills> {
  const door = '@hale/drill/live';
  try {
    return (await import(door)) as LiveDrills;
  } catch (error) {
    throw cliError('HALE_CLI_MISSING_PART', 'this build has no live drills', { cause: error });
  }
}

function list({ host: { terminal }, json }: Call, live: LiveDrills): number {
  const drills = live.listDrills();
  if (json) terminal.json(drills);
  else for (const { name, summary } of drills) terminal.line(`${terminal.paint.name(name.padEnd(24))}  ${summary}`);
  return exitCodes.ok;
}

async function runOne(call: Call, live: LiveDrills, name: string): Promise<number> {
  const seed = textOption(call, 'seed');
  const report = await live.runDrill({
    name,
    folder: folderOfDrill(call.folder),
    runs: wholeNumber(1)(textOption(call, 'runs') ?? '1'),
    seed: seed === undefined ? undefined : wholeNumber(0)(seed),
    print: (line) => call.host.terminal.line(line),
    json: call.json,
  });
  return report.verdict === 'failed' ? exitCodes.failure : exitCodes.ok;
}

/** The system of this folder; in the repository's root the shop. */
function folderOfDrill(folder: string): string {
  const shop = join(folder, 'examples', 'shop');
  const known = findSystemRoot(folder) ?? (existsSync(join(folder, 'hale.config.ts')) ? folder : undefined);
  return known ?? (existsSync(join(shop, 'hale.config.ts')) ? shop : folder);
}
