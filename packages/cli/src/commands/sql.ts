// `hale sql`: one statement as the superuser, for what services may not do (decision 0012): an extension, a setting, a role. It is no
// terminal for a database: whoever wants that has psql.
import { runStatement, type StatementAnswer } from '@hale/platform/postgres';
import { cliError, exitCodes } from '../errors.ts';
import { unknownName } from '../system/find-names.ts';
import { findSystemRoot, latestRelease } from '../system/folder.ts';
import { tame } from '../terminal/paint.ts';
import { renderTable } from '../terminal/table.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';

const rowsShownMax = 200;

export const sqlCommand: CommandEntry = {
  usage: 'sql <statement>',
  summary: 'one statement as the superuser of a database: an extension, a setting, a role',
  group: 'Act',
  shape: (command) =>
    command
      .option('--db <name>', 'which database, where there are several')
      .addHelpText('after', "\nSuch as: hale sql 'create extension pg_stat_statements'"),
  async run(call) {
    const [text = ''] = call.args;
    const root = findSystemRoot(call.folder);
    const spec = root === undefined ? undefined : latestRelease(root)?.spec;
    if (root === undefined || spec === undefined)
      throw cliError('HALE_CLI_NOT_RUNNING', `no system was started in ${call.folder}`);
    const name = databaseOf(Object.keys(spec.resources), textOption(call, 'db'));
    const answers = await runStatement({ root, resources: spec.resources }, name, text);
    if (call.json) call.host.terminal.json({ database: name, answers });
    else for (const answer of answers) say(call, answer);
    return exitCodes.ok;
  },
};

function databaseOf(names: readonly string[], wanted: string | undefined): string {
  const [only] = names;
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  if (wanted !== undefined) throw unknownName(wanted, names);
  if (only !== undefined && names.length === 1) return only;
  const hint =
    names.length === 0 ? 'declare one: resources: { db: postgres() }' : `say which: --db ${names.join(' or ')}`;
  throw cliError('HALE_CLI_USAGE', `this system has ${names.length === 0 ? 'no' : 'several'} databases`, { hint });
}

function say({ host: { terminal } }: Call, { command, count, columns, rows }: StatementAnswer): void {
  if (columns.length > 0) {
    const shown = columns.map((title, index) => ({ title, cell: (row: readonly unknown[]) => wordsOf(row[index]) }));
    const options = { width: undefined, heading: terminal.paint.strong };
    for (const line of renderTable(shown, rows.slice(0, rowsShownMax), options)) terminal.line(line);
    if (rows.length > rowsShownMax) terminal.line(`and ${rows.length - rowsShownMax} more: --json gives them all`);
  } else terminal.line(`done: ${command}${count === undefined ? '' : `, ${count} rows`}`);
}

function wordsOf(value: unknown): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  return tame(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
