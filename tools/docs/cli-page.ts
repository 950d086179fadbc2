// docs/reference/cli.md, written from what the command says of itself. The command is run by its path:
// it belongs to no door.
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { repository } from '../source.ts';

/** What is used of the command's own modules. */
interface Front {
  readonly commands: readonly object[];
  readonly runProgram: (host: object, argv: readonly string[], commands: readonly object[]) => Promise<number>;
  readonly createTerminal: (streams: object) => object;
}

async function openFront(): Promise<Front> {
  const modules = ['main.ts', 'program.ts', 'terminal/terminal.ts'].map(
    (path) => import(pathToFileURL(join(repository, 'packages/cli/src', path)).href) as Promise<Partial<Front>>,
  );
  return Object.assign({}, ...(await Promise.all(modules))) as Front;
}

/** What the command says when it is asked so: on a paper of ours, with no terminal behind it. */
async function ask({ commands, runProgram, createTerminal }: Front, ...words: string[]): Promise<string> {
  const stdout = new PassThrough();
  const said: string[] = [];
  stdout.on('data', (chunk) => said.push(String(chunk)));
  const terminal = createTerminal({ stdout, stderr: new PassThrough(), env: { NO_COLOR: '1' } });
  await runProgram({ terminal, env: {}, cwd: repository }, [...words, '--help'], commands);
  stdout.end();
  await finished(stdout);
  return said.join('');
}

export async function cliPage(): Promise<string> {
  const open = await openFront();
  const front = await ask(open);
  const names = [...front.matchAll(/^ {2}([a-z]+)(?= |$)/gm)].flatMap(([, name]) =>
    name === 'help' ? [] : [name ?? ''],
  );
  const commands: (readonly [string, string])[] = [];
  for (const name of names) commands.push([name, await ask(open, name)]);
  return [
    '# The command',
    '',
    'Run it in the folder of `hale.config.ts`, or name that folder with `-C`. Every command takes `--json`, for scripts.',
    '',
    '| exit code | means |',
    '|---|---|',
    '| 0 | done |',
    '| 1 | failed: the line that begins with `error` says why, `hint` what to type next ([errors](errors.md)) |',
    '| 2 | the declaration or the command line is wrong; nothing was started or changed |',
    '| 3 | nothing runs here |',
    '| 130 | interrupted |',
    '',
    fenced(front),
    ...commands.flatMap(([name, help]) => [`## hale ${name}`, '', fenced(help)]),
  ].join('\n');
}

const fenced = (text: string) => `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
