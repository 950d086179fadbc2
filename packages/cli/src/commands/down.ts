// `hale down`: stops everything in order and leaves no process behind, also when control or the keeper is dead.
import { existsSync } from 'node:fs';
import { exitCodes } from '../errors.ts';
import { withFolderLockIfPossible } from '../system/folder-lock.ts';
import { canLook, findMarked } from '../system/process-table.ts';
import { findSystem, isRunning } from '../system/running.ts';
import { type StopReport, stopSystem } from '../system/stopping.ts';
import { plural } from '../terminal/words.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { wholeNumber } from './whole-number.ts';

export const downCommand: CommandEntry = {
  usage: 'down',
  summary: 'stop the system; its data and history stay',
  group: 'Every day',
  shape: (command) => command.option('-t, --timeout <seconds>', 'how long to be graceful before killing', '30'),
  async run(call) {
    const timeoutMs = wholeNumber(0)(textOption(call, 'timeout') ?? '30') * 1000;
    const system = findSystem(call.folder);
    const runs =
      system !== undefined &&
      ((await isRunning(system)) || findMarked(system.id).length > 0 || existsSync(system.runtimeDir));
    if (system === undefined || !runs) return sayNotRunning(call);
    const stop = new AbortController();
    const release = call.host.onInterrupt(() => stop.abort());
    try {
      const say = (text: string) =>
        call.json ? undefined : call.host.terminal.line(call.host.terminal.paint.faint(text));
      const report = await withFolderLockIfPossible(call.host, system.root, () =>
        stopSystem(call.host, system, { timeoutMs, hurry: stop.signal, say }),
      );
      sayDown(call, report);
      return exitCodes.ok;
    } finally {
      release();
    }
  },
};

function sayNotRunning({ host, json, folder }: Call): number {
  if (json) host.terminal.json({ stopped: false, wasRunning: false });
  else host.terminal.line(`nothing to stop: no system runs in ${folder}`);
  return exitCodes.ok;
}

/** Says how it ended, and whom it had to kill by hand. */
export function sayDown({ host, json }: Call, report: StopReport): void {
  if (json) {
    host.terminal.json({ stopped: true, wasRunning: true, graceful: report.graceful, killed: report.killed });
    return;
  }
  const { terminal } = host;
  if (report.killed.length > 0) {
    const names = report.killed.map((one) => `${one.replica ?? one.command} (pid ${one.pid})`).join(', ');
    terminal.line(
      terminal.paint.busy(`killed ${plural(report.killed.length, 'process')} that nobody answered for: ${names}`),
    );
  }
  terminal.line(
    `${terminal.paint.good('down')}: ${canLook() ? 'no process of it is left' : 'everything it knew of was stopped'}`,
  );
}
