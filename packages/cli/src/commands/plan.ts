// `hale plan`: what `hale up` would do, and whom it would break. Exit 0: nobody; 1: callers would break, so a script can stop there.
import { cliError, exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { planRelease } from '../plan/plan.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { findSystem, isRunning } from '../system/running.ts';
import { renderPlan } from '../terminal/plan-picture.ts';
import { type CommandEntry, textOption } from './entry.ts';

export const planCommand: CommandEntry = {
  usage: 'plan',
  summary: 'what would hale up change, and which callers would it break? changes nothing',
  group: 'Every day',
  shape: (command) =>
    command
      .option('-c, --config <file>', 'the declaration, if it is not hale.config.ts')
      .option('--allow-breaking', 'exit 0 also when callers would break'),
  async run(call) {
    const spec = await loadDeclaration(call, textOption(call, 'config'));
    const system = findSystem(spec.root);
    const plan = await planRelease(spec, system !== undefined && (await isRunning(system)));
    const { terminal } = call.host;
    if (call.json) terminal.json({ system: spec.name, ...plan });
    else for (const line of renderPlan(plan, styleOf(call.host))) terminal.line(line);
    if (plan.breaking === 0 || call.options['allowBreaking'] === true) return exitCodes.ok;
    if (call.json) return exitCodes.failure;
    const what = plan.breaking === 1 ? '1 change would break callers' : `${plan.breaking} changes would break callers`;
    throw cliError('HALE_CLI_API_BREAKING', what);
  },
};
