// `hale up`: from a folder to a running system. On one that runs already it shows what is new and rolls it out; a
// declaration with problems changes nothing and starts nothing.

import type { SystemSpec } from '@hale/model';
import { cliError, exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { type BroughtUp, bringUp } from '../system/bring-up.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { awaitRollout } from '../system/rollout.ts';
import { renderDifference, replacedUnits } from '../terminal/difference-picture.ts';
import { addressesOf, renderAddresses } from './addresses.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { type Interrupts, listenForInterrupts, runSession, stopOwned } from './live-session.ts';

const rolloutWithinMs = 10 * 60_000;

export const upCommand: CommandEntry = {
  usage: 'up',
  summary: 'start the system, or roll out what changed; Ctrl-C stops it',
  group: 'Every day',
  shape: (command) =>
    command
      .option('-d, --detach', 'start it in the background and return')
      .option('--wait', 'with --detach: return once everything is healthy')
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
  if (detach) {
    if (call.options['wait'] === true) await settle(call, up, interrupts);
    sayUp(call, up, spec);
    return exitCodes.ok;
  }
  if (!up.fresh && (up.difference?.changes.length ?? 0) > 0) {
    await settle(call, up, interrupts);
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

function sayDifference({ host, json }: Call, { difference }: BroughtUp): void {
  if (json || difference === undefined) return;
  for (const line of renderDifference(difference, styleOf(host))) host.terminal.line(line);
}

async function settle(call: Call, up: BroughtUp, interrupts: Interrupts): Promise<void> {
  const replaced = up.difference === undefined || up.fresh ? [] : replacedUnits(up.difference);
  const end = await awaitRollout(call.host, up.system, {
    release: up.release,
    replaced,
    withinMs: rolloutWithinMs,
    signal: interrupts.first,
  });
  if (end.kind === 'interrupted') {
    throw cliError(
      'HALE_CLI_INTERRUPTED',
      `left while release ${up.release} was under way; it goes on without this command`,
      {
        hint: 'watch it: hale ps --watch',
      },
    );
  }
  if (end.kind === 'stuck')
    throw cliError('HALE_CLI_ROLLOUT_STUCK', `release ${up.release} is not in place: ${end.why}`);
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
