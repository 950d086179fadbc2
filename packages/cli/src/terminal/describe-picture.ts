// All that is known of one service or replica on one page: how it was declared, how it is, and what happened to it
// lately. Pure; values of the environment are masked.
import { formatBytes, formatDuration } from '@hale/base';
import type {
  IncidentView,
  PostgresSpec,
  ProbeSpec,
  PromiseView,
  ReplicaView,
  ServiceSpec,
  SystemView,
  UnitView,
} from '@hale/model';
import { maskEnvValue, maskUrlPassword } from '@hale/model';
import { renderIncidents } from './incident-story.ts';

import { padEnd } from './paint.ts';
import { promiseTexts, promiseWindow } from './promise-picture.ts';
import { renderReplicas } from './system-picture.ts';
import { bytes, duration, orDash, percent, phaseText, type Style, stateText } from './words.ts';

type Fact = readonly [label: string, value: string | undefined];

const labelWidth = 12;

function facts(list: readonly Fact[], { paint }: Style): string[] {
  return list.flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [`  ${paint.faint(padEnd(label, labelWidth))}  ${value}`],
  );
}

export interface UnitPage {
  readonly view: SystemView;
  readonly unit: UnitView;
  readonly service: ServiceSpec | undefined;
  readonly resource: PostgresSpec | undefined;
  /** The address its callers use. */
  readonly url: string | undefined;
  /** What was promised and what was measured; undefined when nothing was promised. */
  readonly promise: PromiseView | undefined;
}

export function renderUnit({ view, unit, service, resource, url, promise }: UnitPage, style: Style): string[] {
  const { paint } = style;
  const usedBy = view.units.filter((one) => one.uses.includes(unit.unit)).map((one) => one.unit);
  const only: SystemView = {
    ...view,
    units: [unit],
    replicas: view.replicas.filter((one) => one.unit === unit.unit),
  };
  return [
    `${paint.strong(unit.unit)}  ${stateText(paint, unit.state)}  ${unit.serving} of ${unit.wanted} serving`,
    ...facts(
      [
        ['why', unit.why],
        ['role', unit.role],
        ['reached at', url],
        ['uses', unit.uses.join(', ')],
        ['used by', usedBy.join(', ')],
        ['database', resource?.url === undefined ? resource?.database : 'run by somebody else'],
        ...(promise === undefined ? [] : promiseTexts(promise, style).map((text): Fact => ['slo', text])),
        ['measured', promise === undefined ? undefined : promiseWindow],
      ],
      style,
    ),
    ...(service === undefined ? [] : ['', paint.strong('Declared'), ...declaredFacts(service, style)]),
    '',
    ...renderReplicas(only, style),
    ...lately(
      view.incidents.filter((one) => one.unit === unit.unit),
      style,
    ),
  ];
}

function declaredFacts(service: ServiceSpec, style: Style): string[] {
  const { program, probes, limits, grace, hang } = service;
  const env = Object.entries(service.env).map(([name, value]) => `${name}=${maskEnvValue(name, value)}`);
  return facts(
    [
      ['program', program.kind === 'module' ? program.file : maskUrlPassword(program.argv.join(' '))],
      ['folder', service.cwd],
      ['replicas', String(service.replicas)],
      ['zones', service.zones.length > 1 ? `${service.zones.join(', ')} (simulated)` : undefined],
      ['port', service.port === undefined ? undefined : String(service.port)],
      ['startup', probeText(probes.startup, formatDuration(probes.startup.withinMs))],
      ['ready', probes.ready === undefined ? undefined : probeText(probes.ready, undefined)],
      ['live', probes.live === undefined ? undefined : probeText(probes.live, undefined)],
      ['hang', `after ${formatDuration(hang.afterMs)}: ${hang.action}`],
      ['grace', `drain ${formatDuration(grace.drainMs)}, stop ${formatDuration(grace.stopMs)}`],
      ['memory', limits.memoryBytes === undefined ? undefined : `at most ${formatBytes(limits.memoryBytes)}`],
      ['env file', service.envFile],
      ['env', env.join('  ')],
    ],
    style,
  );
}

function probeText(probe: ProbeSpec, within: string | undefined): string {
  const { check } = probe;
  const what = {
    http: () => ('path' in check ? `GET ${check.path}` : ''),
    tcp: () => 'port accepts',
    alive: () => 'process lives',
    exec: () => ('argv' in check ? check.argv.join(' ') : ''),
  };
  return `${what[check.kind]()}, every ${formatDuration(probe.everyMs.steady)}${within === undefined ? '' : `, within ${within}`}`;
}

export function renderReplica(view: SystemView, replica: ReplicaView, style: Style): string[] {
  const { paint } = style;
  const up =
    replica.startedAt === undefined || replica.pid === undefined ? undefined : view.at.mono - replica.startedAt;
  const zone = view.zones.length > 1 ? `${replica.zone}${view.zonesSimulated ? ' (simulated)' : ''}` : undefined;
  return [
    `${paint.strong(replica.replica)}  ${phaseText(paint, replica.phase)}`,
    ...facts(
      [
        ['why', replica.why],
        ['traffic', replica.rotation],
        ['pid', orDash(replica.pid)],
        ['port', orDash(replica.port)],
        ['zone', zone],
        ['up', duration(up)],
        ['restarts', String(replica.restarts)],
        ['cpu', percent(replica.cpuRatio)],
        ['memory', bytes(replica.rssBytes)],
        ['loop lag', replica.loopLagMs === undefined ? undefined : duration(replica.loopLagMs)],
        ['release', String(replica.release)],
        ['incarnation', replica.incarnation],
      ],
      style,
    ),
    ...lately(
      view.incidents.filter((one) => one.replicas.includes(replica.replica)),
      style,
    ),
  ];
}

function lately(incidents: readonly IncidentView[], style: Style): string[] {
  if (incidents.length === 0) return [];
  const newest = [...incidents].sort((a, b) => b.openedAt.wall - a.openedAt.wall).slice(0, 5);
  return ['', style.paint.strong('Lately'), ...renderIncidents(newest, style)];
}
