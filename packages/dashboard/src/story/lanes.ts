// An incident as a person asks about it: what was seen, what was thought, what was done, did it help. Turns an
// IncidentView into lanes in that order, each with its time since the symptom. Pure.
import type { IncidentView, RemedyView } from '@hale/model';
import { formatSpan } from './format.ts';

export type LaneKind = 'symptom' | 'evidence' | 'isolation' | 'decision' | 'action' | 'verification' | 'outcome';

export interface LaneItem {
  readonly text: string;
  /** Milliseconds since the incident opened, where the item has a time. */
  readonly afterMs: number | undefined;
  readonly tone: 'plain' | 'good' | 'bad' | 'waiting' | 'rejected';
}

export interface Lane {
  readonly kind: LaneKind;
  readonly items: readonly LaneItem[];
}

const toneOf: Readonly<Record<RemedyView['outcome'], LaneItem['tone']>> = {
  pending: 'waiting',
  worked: 'good',
  failed: 'bad',
  inconclusive: 'plain',
};

const outcomeText: Readonly<Record<IncidentView['outcome'], string>> = {
  open: 'still open: it closes when the symptom is gone, not when a command has run',
  healed: 'healed: the symptom is gone',
  'not-healed': 'not healed: a person is asked',
  inconclusive: 'inconclusive: the symptom can no longer be seen either way',
};

/** The lanes of `incident`; a lane with nothing in it is left out. */
export function lanesOf(incident: IncidentView): readonly Lane[] {
  const plain = (text: string): LaneItem => ({ text, afterMs: undefined, tone: 'plain' });
  const timed = (text: string, mono: number | undefined): readonly LaneItem[] =>
    mono === undefined ? [] : [{ text, afterMs: mono - startOf(incident), tone: 'plain' }];
  const lanes: Lane[] = [
    {
      kind: 'symptom',
      items: [
        ...(incident.suspectedAt?.mono === incident.openedAt.mono
          ? []
          : timed('suspected', incident.suspectedAt?.mono)),
        { text: incident.title, afterMs: incident.openedAt.mono - startOf(incident), tone: 'plain' },
      ],
    },
    { kind: 'evidence', items: [...incident.evidence.map(plain), ...timed('condemned', incident.condemnedAt?.mono)] },
    { kind: 'isolation', items: timed('out of rotation: new requests go elsewhere', incident.isolatedAt?.mono) },
    { kind: 'decision', items: decisionsOf(incident) },
    {
      kind: 'action',
      items: incident.remedies.flatMap((done) => timed(`${done.remedy} ${done.target}`, done.at.mono)),
    },
    {
      kind: 'verification',
      items: incident.remedies.map((done) => ({
        text: verdictOf(done),
        afterMs: undefined,
        tone: toneOf[done.outcome],
      })),
    },
    {
      kind: 'outcome',
      items: [
        {
          text: outcomeText[incident.outcome],
          afterMs: incident.closedAt === undefined ? undefined : incident.closedAt.mono - startOf(incident),
          tone: incident.outcome === 'healed' ? 'good' : incident.outcome === 'open' ? 'waiting' : 'bad',
        },
      ],
    },
  ];
  return lanes.filter((lane) => lane.items.length > 0);
}

/** How long it took from first symptom to a verified cure; undefined while open. */
export function tookMs(incident: IncidentView): number | undefined {
  return incident.closedAt === undefined ? undefined : incident.closedAt.mono - startOf(incident);
}

/** 'healed in 1.2 s', 'open', 'not healed after 40 s'. */
export function outcomeLine(incident: IncidentView): string {
  const took = tookMs(incident);
  if (took === undefined) return 'open';
  if (incident.outcome === 'healed') return `healed in ${formatSpan(took)}`;
  return `${incident.outcome.replace('-', ' ')} after ${formatSpan(took)}`;
}

/** Open ones first, then newest first. */
export function sortIncidents(incidents: readonly IncidentView[]): readonly IncidentView[] {
  const rank = (incident: IncidentView) => (incident.closedAt === undefined ? 0 : 1);
  return [...incidents].sort((a, b) => rank(a) - rank(b) || b.openedAt.wall - a.openedAt.wall);
}

function startOf(incident: IncidentView): number {
  return Math.min(incident.openedAt.mono, incident.suspectedAt?.mono ?? incident.openedAt.mono);
}

function decisionsOf(incident: IncidentView): readonly LaneItem[] {
  const chosen = [...new Set(incident.remedies.map((done) => done.remedy))];
  return [
    ...chosen.map((text): LaneItem => ({ text, afterMs: undefined, tone: 'plain' })),
    ...incident.rejected.map(
      (no): LaneItem => ({ text: `${no.remedy}: ${no.why}`, afterMs: undefined, tone: 'rejected' }),
    ),
  ];
}

function verdictOf(done: RemedyView): string {
  switch (done.outcome) {
    case 'pending':
      return `${done.remedy}: watching whether the symptom goes`;
    case 'worked':
      return `${done.remedy} worked: the symptom is gone`;
    case 'failed':
      return `${done.remedy} failed: the symptom stayed`;
    case 'inconclusive':
      return `${done.remedy}: could not be judged`;
  }
}
