// `hale dr plan` and `hale dr status`: what to type when all is lost, and what would be lost now. Both work on the declaration and the
// stores alone, whether the system runs or not; neither changes anything.
import type { SystemSpec } from '@hale/model';
import { cliError, exitCodes } from '../errors.ts';
import { type Judgement, judgeDatabase, judgeHouse } from '../recovery/exposure.ts';
import { databaseFacts, houseFacts, measuredOf, storeUrlOf } from '../recovery/facts.ts';
import { secretNamesOf } from '../recovery/known-secrets.ts';
import { type Runbook, writeRunbook } from '../recovery/runbook.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';

export const drCommand: CommandEntry = {
  usage: 'dr <action>',
  summary: 'plan: what to type when all is lost; status: what would be lost now',
  group: 'Look',
  shape: (command) =>
    command
      .option('-c, --config <file>', 'the declaration, if it is not hale.config.ts')
      .addHelpText('after', '\nstatus ends with 1 when something is unprotected. To measure: hale drill run dr'),
  async run(call) {
    const [action = ''] = call.args;
    const work = { plan, status }[action];
    if (work === undefined)
      throw cliError('HALE_CLI_USAGE', `'${action}' is nothing that hale dr does`, { hint: 'write plan or status' });
    return work(call, await loadDeclaration(call, textOption(call, 'config')));
  },
};

async function plan(call: Call, spec: SystemSpec): Promise<number> {
  const { terminal, env } = call.host;
  const stores = Object.fromEntries(Object.keys(spec.backups ?? {}).map((name) => [name, storeUrlOf(spec, name)]));
  const measured = await measuredOf(spec, env);
  const runbook = writeRunbook({ spec, stores, secrets: secretNamesOf(spec), measured });
  if (call.json) terminal.json(runbook);
  else sayPlan(call, runbook);
  return exitCodes.ok;
}

function sayPlan({ host: { terminal } }: Call, { system, databases, machine }: Runbook): void {
  const { paint } = terminal;
  const chapter = (title: string) => terminal.line(paint.strong(title));
  for (const { database, nodes, isElsewhere, store, commands, measured } of databases) {
    const where = isElsewhere ? 'run by somebody else' : `${nodes} ${nodes === 1 ? 'node' : 'nodes'}`;
    chapter(`${database} is damaged, or holds what it should not (${where})`);
    terminal.line(`  backups: ${store ?? 'none'}`);
    for (const command of commands) terminal.line(`    ${command}`);
    terminal.line(`  ${measured}`);
    terminal.line('');
  }
  chapter(`${system} is lost with its machine`);
  for (const command of machine.commands) terminal.line(`    ${command}`);
  for (const warning of machine.warnings) terminal.line(paint.busy(`  ! ${warning}`));
  terminal.line(`  ${machine.measured}`);
}

async function status(call: Call, spec: SystemSpec): Promise<number> {
  const { terminal, clock, env } = call.host;
  const now = clock.wall();
  const names = Object.keys(spec.resources);
  const databases = [];
  for (const name of names) {
    const facts = await databaseFacts(spec, name, env);
    databases.push({ ...facts, ...judgeDatabase(facts, now) });
  }
  if (names.length === 0) {
    if (call.json) terminal.json({ system: spec.name, at: now, exposed: false, databases });
    else terminal.line('no database is declared: nothing is kept here that could be lost');
    return exitCodes.ok;
  }
  const houseKnown = await houseFacts(spec, env);
  const house = { ...houseKnown, ...judgeHouse(houseKnown, now) };
  const exposed = [...databases, house].some((one) => one.exposed.length > 0);
  if (call.json) terminal.json({ system: spec.name, at: now, exposed, databases, house });
  else {
    for (const one of databases) sayJudgement(call, `${one.database}  ${one.store ?? ''}`.trim(), one);
    sayJudgement(call, 'the house', house);
  }
  return exposed ? exitCodes.failure : exitCodes.ok;
}

function sayJudgement({ host: { terminal } }: Call, title: string, { exposed, notes }: Judgement): void {
  const { paint } = terminal;
  terminal.line(`${exposed.length === 0 ? paint.good('✓') : paint.bad('✗')} ${paint.strong(title)}`);
  for (const line of exposed) terminal.line(`    ${paint.bad('!')} ${line}`);
  for (const line of notes) terminal.line(paint.faint(`      ${line}`));
}
