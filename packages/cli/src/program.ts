// The board at the front door: which commands there are, how their words are understood, and what is said when they
// are not. It knows no command's inside.
import { isHaleError } from '@hale/base';
import { Command, CommanderError } from 'commander';
import { type CommandEntry, folderOf } from './commands/entry.ts';
import { cliError, exitCodeOf, exitCodes, explainUnknown } from './errors.ts';
import type { Host } from './host.ts';
import { ownVersion } from './init/own-package.ts';
import { wrapText } from './terminal/paint.ts';

/** Understands `argv` (without node and script), runs the command and gives the exit code. Never throws. */
export async function runProgram(
  host: Host,
  argv: readonly string[],
  entries: readonly CommandEntry[],
): Promise<number> {
  const json = argv.includes('--json');
  const said: string[] = [];
  const state = { code: exitCodes.ok as number };
  const program = new Command('hale');
  program.configureOutput({
    writeOut: (text) => host.terminal.raw(text),
    writeErr: (text) => said.push(text),
    getOutHelpWidth: () => host.terminal.size().columns ?? 100,
    getOutHasColors: () => host.terminal.paint.strong('x') !== 'x',
  });
  program.exitOverride();
  addCommands(program, {
    host,
    entries,
    done: (code) => {
      state.code = code;
    },
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
    return state.code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok;
      const text = said
        .join('')
        .replace(/^error: /, '')
        .trim();
      return report(host, cliError('HALE_CLI_USAGE', text === '' ? error.message : text), json);
    }
    return report(host, error, json);
  }
}

interface Board {
  readonly host: Host;
  readonly entries: readonly CommandEntry[];
  readonly done: (code: number) => void;
}

function addCommands(program: Command, { host, entries, done }: Board): void {
  program
    .description('Runs a distributed TypeScript system and repairs it.')
    .version(ownVersion(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'tell about a command')
    .showSuggestionAfterError(true)
    .option('-C, --cwd <dir>', 'work on the system in this folder')
    .addHelpText(
      'after',
      '\nStart with: hale init, then hale up. Exit codes: 0 done, 1 failed, 2 wrong input, 3 not running, 130 interrupted.',
    );
  for (const entry of entries) {
    const command = program.command(entry.usage).description(entry.summary).helpGroup(`${entry.group}:`).exitOverride();
    command.option('-C, --cwd <dir>', 'work on the system in this folder');
    command.option('--json', 'answer in JSON, for scripts');
    entry.shape?.(command);
    command.action(async (...given: unknown[]) => {
      const options = command.optsWithGlobals();
      const args = given
        .slice(0, -2)
        .flat()
        .filter((value): value is string => typeof value === 'string');
      const folder = folderOf(host, options['cwd']);
      done(await entry.run({ host, folder, args, options, json: options['json'] === true }));
    });
  }
}

/** Says what went wrong and what to type next; as one line of JSON where a machine reads. */
export function report(host: Host, thrown: unknown, json: boolean): number {
  const error = isHaleError(thrown) ? thrown : explainUnknown(thrown, 'hale stumbled');
  const { terminal } = host;
  if (json) {
    const { code, message, hint, details } = error;
    terminal.json({ error: { code, message, hint, ...details } });
    return exitCodeOf(error);
  }
  if (error.code === 'HALE_CLI_INTERNAL' && error.cause instanceof Error) terminal.complaint(error.cause.stack ?? '');
  const width = terminal.size().columns ?? 110;
  terminal.complaint(`${terminal.paint.bad('error')} ${error.message}`);
  terminal.complaint(`${terminal.paint.faint('hint ')} ${wrapText(error.hint, width - 6, '      ')}`);
  return exitCodeOf(error);
}
