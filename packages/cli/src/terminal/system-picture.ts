// The system at a glance: the table of replicas, and the head line above it. Pure: a view in, lines out, so that the
// same picture serves `ps`, the live view and the golden tests.
import type { ReplicaView, SystemView, UnitView } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { type Column, renderTable } from './table.ts';
import { bytes, duration, orDash, percent, phaseText, plural, type Style, stateText } from './words.ts';

/** A replica, or a unit that has none at present. */
type Row = { readonly unit: UnitView | undefined; readonly replica: ReplicaView | undefined; readonly nowMs: number };

/** Lines of the table of replicas, grouped by unit in the order of the declaration. */
export function renderReplicas(view: SystemView, style: Style): string[] {
  const { paint } = style;
  return renderTable(replicaColumns(style), rowsOf(view), {
    width: style.width,
    heading: (text) => paint.faint(text),
  });
}

function rowsOf(view: SystemView): Row[] {
  const nowMs = view.at.mono;
  const rows: Row[] = [];
  for (const unit of view.units) {
    const own = view.replicas.filter((replica) => replica.unit === unit.unit);
    if (own.length === 0) rows.push({ unit, replica: undefined, nowMs });
    for (const replica of own) rows.push({ unit, replica, nowMs });
  }
  const known = new Set(view.units.map((unit) => unit.unit));
  for (const replica of view.replicas) if (!known.has(replica.unit)) rows.push({ unit: undefined, replica, nowMs });
  return rows;
}

function replicaColumns({ paint }: Style): Column<Row>[] {
  return [
    { title: 'SERVICE', cell: (row) => paint.name(row.unit?.unit ?? row.replica?.unit ?? '-') },
    { title: 'REPLICA', cell: (row) => (row.replica ? String(splitReplicaId(row.replica.replica).ordinal) : '-') },
    { title: 'STATE', cell: (row) => (row.replica ? phaseText(paint, row.replica.phase) : stateOf(row, paint)) },
    { title: 'PORT', align: 'right', cell: (row) => orDash(row.replica?.port) },
    { title: 'PID', align: 'right', cell: (row) => orDash(row.replica?.pid) },
    { title: 'CPU', align: 'right', cell: (row) => percent(row.replica?.cpuRatio) },
    { title: 'MEM', align: 'right', cell: (row) => bytes(row.replica?.rssBytes) },
    { title: 'RESTARTS', align: 'right', cell: (row) => restartsOf(row, paint) },
    { title: 'UP', align: 'right', cell: (row) => upTimeOf(row) },
    { title: 'WHY', cell: (row) => row.replica?.why ?? row.unit?.why ?? '' },
  ];
}

const stateOf = (row: Row, paint: Style['paint']) => (row.unit ? stateText(paint, row.unit.state) : '-');

function restartsOf(row: Row, paint: Style['paint']): string {
  if (row.replica === undefined) return '-';
  return row.replica.restarts === 0 ? '0' : paint.busy(String(row.replica.restarts));
}

function upTimeOf({ replica, nowMs }: Row): string {
  const runs = replica?.pid !== undefined && replica.startedAt !== undefined;
  return runs ? duration(nowMs - (replica.startedAt ?? nowMs)) : '-';
}

/** 'shop  healthy  release 3  5 services, 9 of 9 replicas serve'. */
export function renderHeadline(view: SystemView, style: Style): string {
  const { paint } = style;
  const wanted = view.units.reduce((sum, unit) => sum + unit.wanted, 0);
  const serving = view.units.reduce((sum, unit) => sum + unit.serving, 0);
  const open = view.incidents.filter((incident) => incident.outcome === 'open').length;
  const parts = [
    paint.strong(view.system),
    stateText(paint, view.state),
    `release ${view.release}`,
    `${serving} of ${plural(wanted, 'replica')} serving`,
  ];
  if (open > 0) parts.push(paint.bad(plural(open, 'open incident')));
  if (view.zonesSimulated && view.zones.length > 1)
    parts.push(paint.faint(`zones ${view.zones.join(', ')} (simulated)`));
  return parts.join('  ');
}

/** One line for each unit that is not healthy, with its reason. */
export function renderTroubles(view: SystemView, style: Style): string[] {
  const { paint } = style;
  const units = view.units
    .filter((unit) => unit.state !== 'healthy')
    .map((unit) => `${paint.name(unit.unit)}  ${stateText(paint, unit.state)}  ${unit.why}`.trimEnd());
  return [...renderOwnTrouble(view, style), ...units];
}

/** Why Hale itself does nothing at present, and that the picture is an old one. */
export function renderOwnTrouble({ trouble }: SystemView, { paint }: Style): string[] {
  return trouble === undefined ? [] : [paint.bad(`Hale cannot act: ${trouble}. What is shown is what it last knew`)];
}
