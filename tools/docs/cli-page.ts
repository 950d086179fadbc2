// docs/reference/cli.md, written from what the command says of itself. The command is run, not imported: it belongs to no door.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { repository } from '../source.ts';

/** Asks every command for its help in one process; prints [['hale', text], ['up', text], ...]. */
const askAll = `
  const { main } = await import(process.argv[1]);
  let said = '';
  process.stdout.write = (text) => ((said += text), true);
  const ask = async (...words) => { said = ''; await main([...words, '--help']); return said; };
  const front = await ask();
  const names = [...front.matchAll(/^  ([a-z]+)(?= |$)/gm)].map((match) => match[1]).filter((name) => name !== 'help');
  const pages = [['hale', front]];
  for (const name of names) pages.push([name, await ask(name)]);
  delete process.stdout.write;
  process.stdout.write(JSON.stringify(pages));
`;

export function cliPage(): string {
  const main = join(repository, 'packages/cli/src/main.ts');
  const env = { ...process.env, NO_COLOR: '1', COLUMNS: '100' };
  const args = ['--input-type=module', '--no-warnings', '-e', askAll, main];
  const said = execFileSync(process.execPath, args, { cwd: repository, env, encoding: 'utf8' });
  const [[, front] = ['', ''], ...commands] = JSON.parse(said) as readonly (readonly [string, string])[];
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
