// An incident told as a story: what was seen, what was decided and what was turned down, what was done, and how it
// was checked. Pure: an incident in, lines out. It adds no judgement of its own.
import type { IncidentView } from '@hale/model';
import { padEnd, tame, wrapText } from './paint.ts';
import { type Column, renderTable } from './table.ts';
import { dateAndTime, duration, outcomeText, plural, type Style, timeOfDay } from './words.ts';

/** How long it took from the first suspicion (or the opening) to the end; undefined while it is open. */
export function tookMs(incident: IncidentView): number | undefined {
  if (incident.closedAt === undefined) return undefined;
  return incident.closedAt.mono - (incident.suspectedAt ?? incident.openedAt).mono;
}

/** The list of incidents, newest first as they come. */
export function renderIncidents(incidents: readonly IncidentView[], style: Style): string[] {
  const { paint } = style;
  const columns: Column<IncidentView>[] = [
    { title: 'WHEN', cell: (one) => paint.faint(timeOfDay(one.openedAt.wall, style.utcOffsetMinutes)) },
    { title: 'INCIDENT', cell: (one) => one.id },
    { title: 'OUTCOME', cell: (one) => outcomeText(paint, one.outcome) },
    { title: 'TOOK', align: 'right', cell: (one) => duration(tookMs(one)) },
    { title: 'SERVICE', cell: (one) => paint.name(one.unit) },
    { title: 'CAUSE', cell: (one) => one.cause },
    { title: 'WHAT', cell: (one) => tame(one.title) },
  ];
  return renderTable(columns, incidents, { width: style.width, heading: (text) => paint.faint(text) });
}

/** The whole story of one incident. */
export function renderStory(incident: IncidentView, style: Style): string[] {
  const { paint } = style;
  const took = tookMs(incident);
  const ending = took === undefined ? 'still open' : `after ${duration(took)}`;
  const whom = incident.replicas.length === 0 ? incident.unit : incident.replicas.join(', ');
  return [
    paint.strong(tame(incident.title)),
    `${outcomeText(paint, incident.outcome)} ${ending}  ${paint.name(whom)}  ${paint.faint(`${incident.id}, ${dateAndTime(incident.openedAt.wall, style.utcOffsetMinutes)}`)}`,
    ...section('What was seen', bullets(incident.evidence, style), style),
    ...section(
      'What it means',
      [
        `  the cause is taken to be ${paint.strong(incident.cause)}, on ${plural(incident.evidence.length, 'piece')} of evidence`,
      ],
      style,
    ),
    ...section('What was done', remedies(incident, style), style),
    ...section('What was turned down, and why', rejected(incident, style), style),
    ...section('How it went', timeline(incident, style), style),
    ...section('Attached', attachment(incident, style), style),
    ...next(incident, style),
  ];
}

function section(title: string, lines: readonly string[], { paint }: Style): string[] {
  return lines.length === 0 ? [] : ['', paint.strong(title), ...lines];
}

function bullets(sentences: readonly string[], style: Style): string[] {
  const width = (style.width ?? 100) - 4;
  return sentences.flatMap((sentence) => `  - ${wrapText(tame(sentence), width, '    ')}`.split('\n'));
}

function remedies(incident: IncidentView, style: Style): string[] {
  const { paint } = style;
  if (incident.remedies.length === 0) return [paint.faint('  nothing yet')];
  const tones = { pending: paint.busy, worked: paint.good, failed: paint.bad, inconclusive: paint.busy };
  return incident.remedies.map((remedy) => {
    const when = paint.faint(timeOfDay(remedy.at.wall, style.utcOffsetMinutes));
    return `  ${when}  ${padEnd(remedy.remedy, 20)}  ${padEnd(paint.name(remedy.target), 14)}  ${tones[remedy.outcome](remedy.outcome)}`;
  });
}

function rejected(incident: IncidentView, style: Style): string[] {
  const width = (style.width ?? 100) - 26;
  return incident.rejected.flatMap(({ remedy, why }) =>
    `  ${padEnd(remedy, 20)}  ${wrapText(tame(why), width, ' '.repeat(24))}`.split('\n'),
  );
}

function timeline(incident: IncidentView, { paint }: Style): string[] {
  const moments = [
    ['suspected', incident.suspectedAt],
    ['out of rotation', incident.isolatedAt],
    ['opened', incident.openedAt],
    ['condemned', incident.condemnedAt],
    ...incident.remedies.map((remedy) => [`${remedy.remedy} ${remedy.target}`, remedy.at] as const),
    [
      incident.outcome === 'healed' ? 'verified: the symptom is gone' : `closed: ${incident.outcome}`,
      incident.closedAt,
    ],
  ] as const;
  const known = moments.flatMap(([what, at]) => (at === undefined ? [] : [{ what, mono: at.mono }]));
  known.sort((a, b) => a.mono - b.mono);
  const start = known[0]?.mono ?? 0;
  return known.map(({ what, mono }) => `  ${paint.faint(`+${duration(mono - start)}`.padStart(9))}  ${what}`);
}

function attachment(incident: IncidentView, { paint }: Style): string[] {
  if (incident.attachment === undefined || incident.attachment === '') return [];
  return incident.attachment.split('\n').map((line) => `  ${paint.faint('|')} ${tame(line)}`);
}

function next(incident: IncidentView, { paint }: Style): string[] {
  if (incident.outcome !== 'not-healed' && incident.outcome !== 'inconclusive') return [];
  return [
    '',
    paint.busy(
      `Next: hale logs ${incident.replicas[0] ?? incident.unit}, and when it is repaired: hale resume ${incident.unit}`,
    ),
  ];
}
