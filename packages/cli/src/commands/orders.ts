// The commands that ask the brain for something: restart, scale, drain, undrain, resume, failover. Each is one order; it passes
// the one budget like everything else, so what is printed is that it was asked, and `hale ps --watch` shows it happen.
import { type Order, type ReplicaId, replicasMax, type SystemView } from '@hale/model';
import { cliError, exitCodes } from '../errors.ts';
import { findNamed, type Named } from '../system/find-names.ts';
import { askPatiently, lookAt, type RunningSystem } from '../system/running.ts';
import { type Call, type CommandEntry, textOption } from './entry.ts';
import { wholeNumber } from './whole-number.ts';

const linesLooked = 50;

async function give(call: Call, name: string, make: (named: Named, view: SystemView) => Order): Promise<number> {
  const { system, view } = await lookAt(call.host, call.folder);
  const named = findNamed(view, name);
  const order = make(named, view);
  const before = (await askPatiently(call.host, () => system.api.feed(undefined, 1))).at(-1)?.seq ?? 0;
  await askPatiently(call.host, () => system.api.order(order));
  const refusal = await refusalAfter(system, before, named);
  if (refusal !== undefined) throw cliError('HALE_CLI_REFUSED', refusal);
  if (call.json) call.host.terminal.json({ asked: order });
  else call.host.terminal.line(`asked: ${inWords(order)}. Watch it: hale ps --watch`);
  return exitCodes.ok;
}

/** An order that was taken in has been thought about: what speaks against it is in the story by now. */
async function refusalAfter(system: RunningSystem, seq: number, named: Named): Promise<string | undefined> {
  const lines = await system.api.feed(seq, linesLooked).catch(() => []);
  return lines.find((line) => line.kind === 'refused' && line.text.includes(unitOf(named)))?.text;
}

function inWords(order: Order): string {
  switch (order.kind) {
    case 'restart':
      return order.replica === undefined
        ? `restart every replica of ${order.unit}, one at a time`
        : `restart ${order.replica}`;
    case 'failover':
      return `move ${order.unit} to region ${order.region}`;
    case 'scale':
      return `run ${order.replicas} of ${order.unit}`;
    case 'drain':
      return `take ${order.replica} out of traffic and stop it (hale undrain ${order.replica} brings it back)`;
    case 'undrain':
      return `bring ${order.replica} back`;
    case 'resume':
      return `let ${order.unit} try again`;
    case 'shutdown':
      return 'stop everything';
    case 'acknowledge':
      return `acknowledge ${order.incident}`;
  }
}

const unitOf = (named: Named) => (named.kind === 'unit' ? named.unit.unit : named.replica.unit);

function replicaOf(named: Named, verb: string) {
  if (named.kind === 'replica') return named.replica.replica;
  throw cliError('HALE_CLI_USAGE', `${verb} wants one replica, ${named.unit.unit} is a service`, {
    hint: `say which: hale ${verb} ${named.unit.unit}/0`,
  });
}

export const restartCommand: CommandEntry = {
  usage: 'restart <name>',
  summary: 'restart a replica, or a service one replica at a time',
  group: 'Act',
  run: (call) =>
    give(call, call.args[0] ?? '', (named) => ({
      kind: 'restart',
      unit: unitOf(named),
      replica: named.kind === 'replica' ? named.replica.replica : undefined,
    })),
};

export const scaleCommand: CommandEntry = {
  usage: 'scale <service> <replicas>',
  summary: 'run that many replicas, until the declaration changes',
  group: 'Act',
  run: (call) => {
    const replicas = wholeNumber(1, replicasMax)(call.args[1] ?? '');
    return give(call, call.args[0] ?? '', (named) => ({ kind: 'scale', unit: unitOf(named), replicas }));
  },
};

export const drainCommand: CommandEntry = {
  usage: 'drain <replica>',
  summary: 'take a replica out of traffic, let it finish, and stop it',
  group: 'Act',
  run: (call) => give(call, call.args[0] ?? '', (named) => ({ kind: 'drain', replica: replicaOf(named, 'drain') })),
};

export const undrainCommand: CommandEntry = {
  usage: 'undrain <replica>',
  summary: 'bring a drained replica back',
  group: 'Act',
  run: (call) => give(call, call.args[0] ?? '', (named) => ({ kind: 'undrain', replica: replicaOf(named, 'undrain') })),
};

export const resumeCommand: CommandEntry = {
  usage: 'resume <service>',
  summary: 'let a service that was held try again',
  group: 'Act',
  run: (call) => give(call, call.args[0] ?? '', (named) => ({ kind: 'resume', unit: unitOf(named) })),
};

/** The primary is asked to stop: its goodbye brings the standbys up to date, then one of them takes over. */
export const failoverCommand: CommandEntry = {
  usage: 'failover <database>',
  summary: 'hand a database over from its primary to a standby, in an orderly way',
  group: 'Act',
  shape: (command) => command.option('--region <name>', 'to the copy in this region, which may lack the last moments'),
  run: (call) =>
    give(call, call.args[0] ?? '', (named, view) => {
      const unit = unitOf(named);
      const region = textOption(call, 'region');
      if (region !== undefined) return { kind: 'failover', unit, region };
      return { kind: 'restart', unit, replica: primaryOf(view, unit) };
    }),
};

function primaryOf(view: SystemView, unit: string): ReplicaId {
  const nodes = view.replicas.filter((one) => one.unit === unit);
  const primary = nodes.find((one) => one.database === 'primary');
  if (primary !== undefined && nodes.some((one) => one.database === 'standby' && one.phase === 'serving'))
    return primary.replica;
  const why = nodes.some((one) => one.database !== undefined) ? 'no standby serves' : 'it is no database with standbys';
  throw cliError('HALE_CLI_REFUSED', `${unit} cannot be handed over: ${why}`, {
    hint: 'hale ps shows its nodes; postgres({ standbys: 2 }) declares standbys',
  });
}
