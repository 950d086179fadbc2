// `hale drill run dr`: the drill whose fault is that everything is gone. It has no load and no referees; what came back, and how long
// that took, is its verdict.
import { formatDuration } from '@hale/base';
import { exitCodes } from '../errors.ts';
import { drillBare } from '../recovery/drill-bare.ts';
import { drillDatabases } from '../recovery/drill-databases.ts';
import type { RecoveryLine } from '../recovery/recovery-line.ts';
import { loadDeclaration } from '../system/declaration.ts';
import type { Call } from './entry.ts';
import { listenForInterrupts } from './live-session.ts';

export const recoveryDrill = {
  name: 'dr',
  about: 'every database is restored from its store alone, read whole, thrown away; --bare: the whole system',
};

export async function runRecoveryDrill(call: Call): Promise<number> {
  const interrupts = listenForInterrupts(call.host);
  try {
    const line =
      call.options['bare'] === true
        ? await drillBare(call, interrupts.first)
        : await drillDatabases(call, await loadDeclaration(call, undefined));
    if (interrupts.first.aborted) return exitCodes.interrupted;
    if (call.json) call.host.terminal.json(line);
    else say(call, line);
    return line.verdict === 'healed' ? exitCodes.ok : exitCodes.failure;
  } finally {
    interrupts.release();
  }
}

function say({ host: { terminal } }: Call, line: RecoveryLine): void {
  const time = (ms: number | undefined) => (ms === undefined ? '-' : formatDuration(ms));
  const { paint } = terminal;
  for (const one of line.databases) {
    const read = one.tables > 0 ? `, ${one.tables} tables with ${one.rows} rows read` : '';
    terminal.line(
      `${one.ok ? paint.good('✓') : paint.bad('✗')} ${one.database}: ${one.backup ?? 'nothing'}${read}; RTO ${time(one.backup === undefined ? undefined : one.rtoMs)}, RPO ${time(one.rpoMs)}`,
    );
  }
  for (const complaint of line.complaints) terminal.line(`  ! ${complaint}`);
  terminal.line(`${line.drill}: ${line.verdict}; RTO ${time(line.rtoMs)}, RPO ${time(line.rpoMs)}`);
}
