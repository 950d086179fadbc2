// `hale logs [name]`: what the programs wrote, read straight from their files, so that it works when Hale does not.
// Of several replicas each line carries its replica's name. `keeper` and `control` are Hale's own logs.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cliError, exitCodes } from '../errors.ts';
import { pause } from '../host.ts';
import { unknownName } from '../system/find-names.ts';
import { findSystemRoot, logFolderOf } from '../system/folder.ts';
import { followLog, readLastLines } from '../system/log-tail.ts';
import { padEnd, tame } from '../terminal/paint.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { wholeNumber } from './whole-number.ts';

interface LogFile {
  /** 'orders/1', or 'keeper' and 'control'. */
  readonly name: string;
  readonly file: string;
}

const followEveryMs = 150;
const own = new Set(['keeper', 'control']);

/** The logs in `folder`, by name. */
export function listLogs(folder: string): LogFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => ({ name: name.replace(/\.log$/, '').replace(/-(\d+)$/, '/$1'), file: join(folder, name) }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Those that `name` means: one replica, all of a service, or (undefined) every replica. Throws HALE_CLI_UNKNOWN_NAME. */
export function chooseLogs(logs: readonly LogFile[], name: string | undefined): LogFile[] {
  if (name === undefined) return logs.filter((log) => !own.has(log.name));
  const chosen = logs.filter((log) => log.name === name || log.name.startsWith(`${name}/`));
  if (chosen.length === 0) {
    const units = logs.map((log) => log.name.replace(/\/\d+$/, ''));
    throw unknownName(name, [...new Set([...units, ...logs.map((log) => log.name)])]);
  }
  return chosen;
}

export const logsCommand: CommandEntry = {
  usage: 'logs [name]',
  summary: 'what a replica or a service wrote (also: keeper, control)',
  group: 'Look',
  shape: (command) =>
    command
      .option('-f, --follow', 'go on as more is written')
      .option('-n, --lines <count>', 'lines of each to begin with', '50'),
  async run(call) {
    const count = wholeNumber(0)(textOption(call, 'lines') ?? '50');
    const root = findSystemRoot(call.folder);
    if (root === undefined)
      throw cliError('HALE_CLI_NOT_RUNNING', `no system was started in ${call.folder} or above it`);
    const folder = logFolderOf(root);
    const chosen = chooseLogs(listLogs(folder), call.args[0]);
    const print = createPrinter(call, chosen);
    const followers = chosen.map((log) => ({ log, follower: followLog(log.file) }));
    for (const log of chosen) for (const line of readLastLines(log.file, count)) print(log, line);
    if (call.options['follow'] !== true) return exitCodes.ok;
    return follow(call, followers, print);
  },
};

type Print = (log: LogFile, line: string) => void;
type Followed = { log: LogFile; follower: ReturnType<typeof followLog> };

function createPrinter({ host: { terminal }, json }: Call, chosen: readonly LogFile[]): Print {
  const width = Math.max(...chosen.map((log) => log.name.length));
  return (log, line) => {
    if (json) terminal.json({ replica: log.name, line });
    else if (chosen.length === 1) terminal.line(terminal.live ? tame(line) : line);
    else terminal.line(`${terminal.paint.name(padEnd(log.name, width))}  ${terminal.live ? tame(line) : line}`);
  };
}

async function follow({ host }: Call, followers: readonly Followed[], print: Print): Promise<number> {
  const stop = new AbortController();
  const release = host.onInterrupt(() => stop.abort());
  while (!stop.signal.aborted) {
    for (const { log, follower } of followers) for (const line of follower.read()) print(log, line);
    await pause(host.clock, followEveryMs, stop.signal);
  }
  release();
  return exitCodes.interrupted;
}
