// What was reached: remedies with their outcomes, refusals by reason, causes, transitions and faults, counted. A simulation that
// never reaches a branch proves nothing about it, so a zero fails (see `expected`).
import type { BrainState } from '@hale/healer';
import type { Command } from '@hale/model';
import { databaseFaults } from './cluster/faults.ts';
import { lonelyFaults } from './cluster/lonely-faults.ts';
import { controlFaults } from './control-faults.ts';
import { relayFaults } from './relay/faults.ts';

export type Tally = Readonly<Record<string, number>>;

export interface TallyKeeper {
  readonly counts: Tally;
  add(what: string): void;
  command(command: Command): void;
  state(state: BrainState): void;
}

/** Every remedy, refusal and transition that a large run must have reached. */
export const expected: readonly string[] = [
  ...['start', 'restart', 'replace', 'rollout', 'slow try while held'].map((one) => `remedy ${one}`),
  ...['worked', 'failed', 'inconclusive'].map((one) => `outcome ${one}`),
  ...['healed', 'inconclusive'].map((one) => `closed ${one}`),
  ...[
    'floor',
    'rate of replica',
    'rate of unit',
    'same service',
    'same zone',
    'held',
    'gap',
    'quorum',
    'unknown name',
    'bad number',
  ].map((one) => `refusal ${one}`),
  ...[
    'crash',
    'crash-loop',
    'hang',
    'blocked-loop',
    'not-ready',
    'not-live',
    'slow-start',
    'memory',
    'dependency-down',
  ].map((one) => `cause ${one}`),
  'cause observer-or-shared-dependency',
  ...[
    'suspected',
    'condemned',
    'isolated',
    'acted',
    'verified',
    'refused',
    'escalated',
    'opened',
    'closed',
    'started',
    'info',
  ].map((one) => `told ${one}`),
  ...Object.keys({ ...databaseFaults, ...lonelyFaults, ...controlFaults, ...relayFaults }).map((one) => `fault ${one}`),
  ...['fence', 'follow', 'promote', 'copy anew', 'primary again'].map((one) => `database ${one}`),
  ...[
    'goes alone',
    'waits again',
    'given up',
    'moved',
    'moved lacking nothing',
    'moved lacking',
    'move refused',
    'not moved',
  ].map((one) => `database ${one}`),
  ...['killed', 'killed writing', 'relieved', 'robbed of its lease', 'words melted', 'disk full'].map(
    (one) => `ring ${one}`,
  ),
  ...[
    ...['led to write', 'led to read', 'left a standby', 'held', 'try failed', 'sent away', 'cut', 'cut for silence'],
    ...[
      'node gone',
      'severed',
      'silent',
      'heard again',
      'table not believed',
      'control killed publishing',
      'incident',
      'all cut: a person is asked',
    ],
  ].map((one) => `relay ${one}`),
  ...['too few are left', 'none has all of the earlier terms yet', 'not within 10s'].map(
    (one) => `no election: ${one}`,
  ),
  ...['suspicion dropped', 'adopted', 'hold', 'hold ended', 'drain', 'stop', 'kill', 'page', 'publish'].map(
    (one) => `transition ${one}`,
  ),
];

const refusals: readonly (readonly [RegExp, string])[] = [
  [/a failover of .* is refused/, 'quorum'],
  [/floor/, 'floor'],
  [/is held$/, 'held'],
  [/does not serve$/, 'gap'],
  [/\/\d+ has had \d+ actions/, 'rate of replica'],
  [/the system has had/, 'rate of all'],
  [/has had \d+ actions/, 'rate of unit'],
  [/of the same service/, 'same service'],
  [/in zone .* is being replaced/, 'same zone'],
  [/there is no/, 'unknown name'],
  [/can be asked|one replica only|standbys are declared/, 'bad number'],
];

const moments: readonly (readonly [string, RegExp])[] = [
  ['goes alone', /: \S+ goes on alone/],
  ['waits again', /writes wait for it again/],
  ['given up', /did not come back/],
  ['moved', /is the primary of term \d+: it lacks/],
  ['moved lacking nothing', /it lacks nothing that was acknowledged/],
  ['moved lacking', /it lacks .*and may lack/],
  ['move refused', /is in \S+ already|is in no region|has no copy to go on with/],
  ['not moved', /is not moved: /],
];

const silence = 'nothing comes over the network from';

export function createTally(): TallyKeeper {
  const counts: Record<string, number> = {};
  const add = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  return {
    counts,
    add,
    command(command) {
      if (command.kind === 'PublishEndpoints') add('transition publish');
      else if (command.kind === 'PagePerson') add('transition page');
      else if (command.kind === 'StopReplica') add(command.graceMs === 0 ? 'transition kill' : 'transition stop');
      else if (command.kind === 'FenceStandby') add('database fence');
      else if (command.kind === 'FollowPrimary') add('database follow');
      else if (command.kind === 'PromoteStandby') add('database promote');
      if (command.kind !== 'Tell') return;
      const { kind, text } = command.note;
      if (text.includes('is copied anew')) add('database copy anew');
      if (text.includes(silence)) {
        if (kind === 'opened') add('relay incident');
        if (kind === 'escalated') add('relay all cut: a person is asked');
      }
      const vain = /no standby could take over \((.*)\)/.exec(text);
      if (vain !== null) add(`no election: ${vain[1]}`);
      if (vain !== null) add('database primary again');
      for (const [what, pattern] of moments) if (pattern.test(text)) add(`database ${what}`);
      add(`told ${kind}`);
      if (kind === 'refused')
        add(`refusal ${refusals.find(([pattern]) => pattern.test(text))?.[1] ?? `other: ${text}`}`);
      if (kind === 'started') add('remedy start');
      if (text.includes('the suspicion is dropped')) add('transition suspicion dropped');
      if (text.includes('is adopted')) add('transition adopted');
      if (text.includes('is no longer held')) add('transition hold ended');
      if (kind === 'escalated') add('transition hold');
      if (text.includes('is drained and stopped')) add('transition drain');
    },
    state(state) {
      for (const incident of state.incidents) {
        add(`cause ${incident.cause}`);
        add(`closed ${incident.outcome}`);
        for (const remedy of incident.remedies) {
          add(`remedy ${remedy.remedy}`);
          add(`outcome ${remedy.outcome}`);
        }
      }
    },
  };
}
