// `hale dev [service]`: the system on the workbench. One replica each, an inspector port each, and a service is
// restarted when a file in its source folder is saved. Named with a service, only that one and what it uses runs.
import { HaleError } from '@hale/base';
import { hasPort, type ServiceSpec, type SystemSpec, type UnitName } from '@hale/model';
import { cliError, exitCodes } from '../errors.ts';
import { bringUp } from '../system/bring-up.ts';
import { loadDeclaration } from '../system/declaration.ts';
import { devSpec, runsOnNode } from '../system/dev-spec.ts';
import { unknownName } from '../system/find-names.ts';
import { readIdentity } from '../system/folder.ts';
import { choosePort, isPortFree } from '../system/free-port.ts';
import { findSystem, isRunning, type RunningSystem } from '../system/running.ts';
import { watchSources } from '../system/source-watch.ts';
import { addressesOf, renderAddresses } from './addresses.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { type Interrupts, listenForInterrupts, runSession, stopOwned } from './live-session.ts';

const firstInspectorPort = 9229;

export const devCommand: CommandEntry = {
  usage: 'dev [service]',
  summary: 'like up, for working on it: restarts on save, inspector ports, one replica each',
  group: 'Every day',
  shape: (command) =>
    command
      .option('-c, --config <file>', 'the declaration, if it is not hale.config.ts')
      .option('--no-view', 'lines instead of the picture'),
  async run(call) {
    const declared = await loadDeclaration(call, textOption(call, 'config'));
    const only = call.args[0];
    if (only !== undefined && declared.services[only] === undefined)
      throw unknownName(only, Object.keys(declared.services));
    await refuseIfRunning(declared);
    const kept = Object.values(devSpec(declared, { only, inspectors: {}, ports: {} }).services);
    const inspectors = await chooseInspectors(kept);
    const spec = devSpec(declared, { only, inspectors, ports: await choosePorts(declared, kept) });
    const interrupts = listenForInterrupts(call.host);
    try {
      return await work(call, spec, inspectors, interrupts);
    } finally {
      interrupts.release();
    }
  },
};

/** One replica of everything would be a strange thing to do to a system that serves. */
async function refuseIfRunning(spec: SystemSpec): Promise<void> {
  const system = findSystem(spec.root);
  if (system === undefined || !(await isRunning(system))) return;
  throw cliError('HALE_CLI_BUSY', `the system in ${spec.root} runs already`, {
    hint: 'stop it first: hale down. Or roll out what changed: hale up',
  });
}

async function chooseInspectors(services: readonly ServiceSpec[]): Promise<Record<UnitName, number>> {
  const chosen: Record<UnitName, number> = {};
  let port = firstInspectorPort;
  for (const service of services.filter(runsOnNode)) {
    while (!(await isPortFree(port))) port++;
    chosen[service.name] = port++;
  }
  return chosen;
}

async function choosePorts(spec: SystemSpec, services: readonly ServiceSpec[]): Promise<Record<UnitName, number>> {
  const chosen: Record<UnitName, number> = {};
  const listeners = Object.values(readIdentity(spec.root)?.ports ?? {});
  for (const { name } of services.filter((service) => hasPort(service) && service.port === undefined)) {
    chosen[name] = await choosePort(`${spec.root} dev ${name}`, new Set([...listeners, ...Object.values(chosen)]));
  }
  return chosen;
}

async function work(
  call: Call,
  spec: SystemSpec,
  inspectors: Readonly<Record<UnitName, number>>,
  interrupts: Interrupts,
): Promise<number> {
  const { host } = call;
  const storyFromMs = host.clock.wall();
  const up = await bringUp(host, spec, interrupts.first);
  if (interrupts.first.aborted) {
    await stopOwned(call, up.system, interrupts);
    return exitCodes.interrupted;
  }
  const { paint } = host.terminal;
  const addresses = [
    ...renderAddresses(addressesOf(up.system, spec), paint),
    ...Object.entries(inspectors).map(
      ([name, port]) => `${paint.faint('inspector')} ${paint.name(name)} 127.0.0.1:${port}`,
    ),
  ];
  const stopWatching = watchSources(
    Object.values(spec.services),
    host.clock,
    (units) => void restartAll(call, up.system, units),
  );
  try {
    const picture = call.options['view'] !== false;
    return await runSession({ call, system: up.system, interrupts, owns: up.fresh, addresses, picture, storyFromMs });
  } finally {
    stopWatching();
  }
}

/** What comes of it is told in the feed; a control room that is away just now is said, and the next save asks again. */
async function restartAll({ host }: Call, system: RunningSystem, units: readonly UnitName[]): Promise<void> {
  for (const unit of units) {
    try {
      await system.api.order({ kind: 'restart', unit, replica: undefined });
    } catch (error) {
      if (!(error instanceof HaleError)) throw error;
      host.terminal.complaint(`${unit} was not restarted: ${error.message}`);
    }
  }
}
