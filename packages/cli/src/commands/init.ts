// `hale init`: writes a declaration for what is found in the folder, or a small system that runs where nothing is, and
// says what it could not map and why.
import { formatProblems } from '../config/format-problems.ts';
import { exitCodes } from '../errors.ts';
import { type InitResult, initProject } from '../init/init-project.ts';
import { padEnd, wrapText } from '../terminal/paint.ts';
import type { Call, CommandEntry } from './entry.ts';

export const initCommand: CommandEntry = {
  usage: 'init',
  summary: 'write a hale.config.ts for what is in this folder',
  group: 'Set up',
  shape: (command) => command.option('--force', 'write over a hale.config.ts that is there'),
  async run(call) {
    const result = await initProject(call.folder, { force: call.options['force'] === true });
    if (call.json) call.host.terminal.json(result);
    else tell(call, result);
    return exitCodes.ok;
  },
};

function tell({ host: { terminal, cwd } }: Call, result: InitResult): void {
  const { paint } = terminal;
  const { kind, name, written, mapped, unmapped, warnings, next, configFile } = result;
  terminal.line(
    kind === 'fresh'
      ? `nothing here says how to start it: wrote a small system named ${paint.strong(name)} that runs`
      : `wrote what was found as the system ${paint.strong(name)}`,
  );
  for (const file of written) terminal.line(`  ${paint.good('+')} ${file}`);
  const width = Math.max(0, ...mapped.map((one) => one.name.length));
  if (mapped.length > 0) terminal.line('\nmapped');
  for (const one of mapped) terminal.line(`  ${paint.good('✓')} ${padEnd(one.name, width)}  ${paint.faint(one.from)}`);
  if (unmapped.length > 0) terminal.line('\nnot mapped');
  for (const one of unmapped)
    terminal.line(`  ${paint.busy('▲')} ${wrapText(`${one.what} (${one.from}): ${one.why}`, 100, '    ')}`);
  if (warnings.length > 0) {
    const colour = paint.strong('x') !== 'x';
    terminal.line(`\n${formatProblems(warnings, { file: configFile, colour, from: cwd })}`);
  }
  terminal.line('\nnext');
  for (const step of next) terminal.line(`  ${step}`);
}
