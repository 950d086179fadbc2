// The front door. It lists the commands, runs the one that was typed, and leaves with its exit code. All that is
// decided here is which adapters a process gets; what a command does stands in commands/.
import { backupCommand } from './commands/backup.ts';
import { dashboardCommand } from './commands/dashboard.ts';
import { describeCommand } from './commands/describe.ts';
import { devCommand } from './commands/dev.ts';
import { doctorCommand } from './commands/doctor.ts';
import { downCommand } from './commands/down.ts';
import { drCommand } from './commands/dr.ts';
import { drillCommand } from './commands/drill.ts';
import type { CommandEntry } from './commands/entry.ts';
import { explainCommand } from './commands/explain.ts';
import { incidentsCommand } from './commands/incidents.ts';
import { initCommand } from './commands/init.ts';
import { logsCommand } from './commands/logs.ts';
import {
  drainCommand,
  failoverCommand,
  restartCommand,
  resumeCommand,
  scaleCommand,
  undrainCommand,
} from './commands/orders.ts';
import { planCommand } from './commands/plan.ts';
import { psCommand } from './commands/ps.ts';
import { renderCommand } from './commands/render.ts';
import { restoreCommand } from './commands/restore.ts';
import { sqlCommand } from './commands/sql.ts';
import { statusCommand } from './commands/status.ts';
import { upCommand } from './commands/up.ts';
import { createHost } from './host.ts';
import { runProgram } from './program.ts';

export const commands: readonly CommandEntry[] = [
  upCommand,
  downCommand,
  planCommand,
  devCommand,
  psCommand,
  statusCommand,
  logsCommand,
  describeCommand,
  incidentsCommand,
  explainCommand,
  dashboardCommand,
  restartCommand,
  scaleCommand,
  drainCommand,
  undrainCommand,
  resumeCommand,
  failoverCommand,
  backupCommand,
  restoreCommand,
  sqlCommand,
  drCommand,
  drillCommand,
  initCommand,
  renderCommand,
  doctorCommand,
];

/** Runs `argv` (without node and script) and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await runProgram(createHost(), argv, commands);
}

if (import.meta.main) await main(process.argv.slice(2));
