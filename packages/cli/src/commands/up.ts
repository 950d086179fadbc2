// `hale up`: from a folder to a running system. On one that runs already it shows what is new and rolls it out; a
// declaration with problems changes nothing and starts nothing.

import { resolve } from 'node:path';
import { formatDuration } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { cliError, exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { keepHouse } from '../recovery/keep-house.ts';
import { type BroughtUp, bringUp } from '../system/bring-up.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { awaitRollout } from '../system/rollout.ts';
import { renderDifference, replacedUnits } from '../terminal/difference-picture.ts';
import { addressesOf, renderAddresses } from './addresses.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { type Interrupts, listenForInterrupts, runSession, stopOwned } from './live-session.ts';

const patient = { withinMs: 10 * 60_000, endsAt: 'held' } as const;
const brief = { withinMs: 60_000, endsAt: 'incident' } as const;

export const upCommand: CommandEntry = {
  usage: 'up',
  summary: 'start the system, or roll out what changed; Ctrl-C stops it',
  group: 'Every day',
  shape: (command) =>
    command
      .option('-d, --detach', 'in the background: return once everything serves, or at the first trouble')
      .option('--wait', 'with --detach: wait also while Hale heals, until everything serves or is given up')
      .option('--no-wait', 'with --detach: return at once')
      .option('-c, --config <file>', 'the declaration, if it is not hale.config.ts')
      .option('--no-view', 'lines instead of the picture'),
  async run(call) {
    const spec = await loadDeclaration(call, textOption(call, 'config'));
    const interrupts = listenForInterrupts(call.host);
    try {
      return await raise(call, spec, interrupts);
    } finally {
      interrupts.release();
    }
  },
};

async function raise(call: Call, spec: SystemSpec, interrupts: Interrupts): Promise<number> {
  const beganAtMs = call.host.clock.wall();
  const up = await bringUp(call.host, spec, interrupts.first);
  const detach = call.options['detach'] === true;
  if (interrupts.first.aborted && up.fresh) {
    await stopOwned(call, up.system, interrupts);
    return exitCodes.interrupted;
  }
  if (!up.fresh) sayDifference(call, up);
  const isNew = up.fresh || (up.difference?.changes.length ?? 0) > 0;
  const kept = isNew ? keepHouse(call.host, spec, configOf(call)) : Promise.resolve([]);
  if (detach) {
    const wait = call.options['wait'];
    if (wait === true) await settle(call, up, { interrupts, spec, ...patient });
    if (wait === undefined) await settle(call, up, { interrupts, spec, ...brief });
    sayKept(call, await kept);
    sayUp(call, up, spec);
    return exitCodes.ok;
  }
  if (!up.fresh && isNew) {
    await settle(call, up, { interrupts, spec, ...patient });
    sayKept(call, await kept);
    if (!call.json) call.host.terminal.line(call.host.terminal.paint.good(`release ${up.release} is rolled out`));
    sayUp(call, up, spec);
    return exitCodes.ok;
  }
  const addresses = renderAddresses(addressesOf(up.system, spec), call.host.terminal.paint);
  return runSession({
    call,
    system: up.system,
    interrupts,
    owns: up.fresh,
    addresses,
    picture: call.options['view'] !== false,
    storyFromMs: up.fresh ? beganAtMs : undefined,
  });
}

function configOf(call: Call): string | undefined {
  const config = textOption(call, 'config');
  return config === undefined ? undefined : resolve(call.folder, config);
}

function sayKept({ host: { terminal }, json }: Call, lines: readonly string[]): void {
  if (!json) for (const line of lines) terminal.complaint(`${terminal.paint.busy('warning')} ${line}`);
}

function sayDifference({ host, json }: Call, { difference }: BroughtUp): void {
  if (json || difference === undefined) return;
  for (const line of renderDifference(difference, styleOf(host))) host.terminal.line(line);
}

/** Waits until the release is in place. Throws when it is not, having said where the system is reached all the same. */
async function settle(call: Call, up: BroughtUp, { interrupts, spec, ...patience }: Settling): Promise<void> {
  const replaced = up.difference === undefined || up.fresh ? [] : replacedUnits(up.difference);
  const wish = { release: up.release, replaced, ...patience, signal: interrupts.first };
  const end = await awaitRollout(call.host, up.system, wish);
  if (end.kind === 'done') return;
  if (end.kind === 'interrupted') {
    const message = `left while release ${up.release} was under way; it goes on without this command`;
    throw cliError('HALE_CLI_INTERRUPTED', message, { hint: 'watch it: hale ps --watch' });
  }
  if (!call.json) sayUp(call, up, spec);
  const details = { system: spec.name, release: up.release, ...addressesOf(up.system, spec) };
  if (end.kind === 'stuck' && !up.fresh)
    throw cliError('HALE_CLI_ROLLOUT_STUCK', `release ${up.release} is not in place: ${end.why}`, { details });
  const lines = end.kind === 'stuck' ? [`after ${formatDuration(patience.withinMs)}: ${end.why}`] : end.lines;
  throw cliError('HALE_CLI_NOT_SERVING', ['not everything serves', ...lines].join('\n  '), { details });
}

interface Settling {
  readonly interrupts: Interrupts;
  readonly spec: SystemSpec;
  readonly withinMs: number;
  readonly endsAt: 'held' | 'incident';
}

function sayUp({ host: { terminal }, json }: Call, up: BroughtUp, spec: SystemSpec): void {
  const addresses = addressesOf(up.system, spec);
  if (json) {
    terminal.json({
      system: spec.name,
      id: up.system.id,
      release: up.release,
      started: up.fresh,
      ...addresses,
      difference: up.difference,
    });
    return;
  }
  for (const line of renderAddresses(addresses, terminal.paint)) terminal.line(line);
  terminal.line(terminal.paint.faint('look: hale ps, hale logs -f. stop: hale down'));
}
