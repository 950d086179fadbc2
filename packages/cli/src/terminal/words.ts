// How states are said to a person: one glyph, one word, one colour each, the same in every command. Also times and
// amounts. Pure: it is handed the paint and the offset of the reader's clock.
import { formatBytes, formatDuration } from '@hale/base';
import type { IncidentView, NoteKind, ReplicaPhase, SystemView, UnitView } from '@hale/model';
import type { Paint } from './paint.ts';

/** How a picture is drawn: with which paint, how wide, and in whose time of day. */
export interface Style {
  readonly paint: Paint;
  readonly width: number | undefined;
  readonly utcOffsetMinutes: number;
}

type Tone = keyof Paint;
type Word = readonly [glyph: string, tone: Tone];

const phases: Readonly<Record<ReplicaPhase, Word>> = {
  serving: ['●', 'good'],
  starting: ['◐', 'busy'],
  waiting: ['○', 'busy'],
  sick: ['▲', 'bad'],
  draining: ['◑', 'busy'],
  stopping: ['◑', 'busy'],
  stopped: ['○', 'faint'],
  held: ['■', 'bad'],
};

const states: Readonly<Record<UnitView['state'] | SystemView['state'], Tone>> = {
  healthy: 'good',
  healing: 'busy',
  starting: 'busy',
  degraded: 'bad',
  down: 'bad',
  held: 'bad',
  stopping: 'busy',
  stopped: 'faint',
};

const notes: Readonly<Record<NoteKind, Word>> = {
  suspected: ['?', 'busy'],
  condemned: ['✗', 'bad'],
  isolated: ['⊣', 'busy'],
  acted: ['→', 'name'],
  verified: ['✓', 'good'],
  refused: ['⊘', 'busy'],
  escalated: ['!', 'bad'],
  opened: ['▲', 'bad'],
  closed: ['✓', 'good'],
  started: ['●', 'good'],
  info: ['·', 'faint'],
};

const outcomes: Readonly<Record<IncidentView['outcome'], Word>> = {
  open: ['▲', 'bad'],
  healed: ['✓', 'good'],
  'not-healed': ['✗', 'bad'],
  inconclusive: ['?', 'busy'],
};

const say = (paint: Paint, word: Word, text: string) => paint[word[1]](`${word[0]} ${text}`);

export const phaseText = (paint: Paint, phase: ReplicaPhase) => say(paint, phases[phase], phase);
export const noteText = (paint: Paint, kind: NoteKind) => say(paint, notes[kind], kind);
export const noteGlyph = (paint: Paint, kind: NoteKind) => paint[notes[kind][1]](notes[kind][0]);
export const outcomeText = (paint: Paint, outcome: IncidentView['outcome']) =>
  say(paint, outcomes[outcome], outcome === 'not-healed' ? 'not healed' : outcome);
export const stateText = (paint: Paint, state: UnitView['state'] | SystemView['state']) => paint[states[state]](state);

/** '14:03:07' of a Unix time, in the reader's time of day. */
export function timeOfDay(wallMs: number, utcOffsetMinutes: number): string {
  return new Date(wallMs + utcOffsetMinutes * 60_000).toISOString().slice(11, 19);
}

/** '2026-11-22 14:03:07'. */
export function dateAndTime(wallMs: number, utcOffsetMinutes: number): string {
  return new Date(wallMs + utcOffsetMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}

export const orDash = (value: string | number | undefined) => (value === undefined ? '-' : String(value));
export const percent = (ratio: number | undefined) => (ratio === undefined ? '-' : `${(ratio * 100).toFixed(0)}%`);
export const bytes = (amount: number | undefined) => (amount === undefined ? '-' : formatBytes(amount));
export const duration = (ms: number | undefined) => (ms === undefined ? '-' : formatDuration(Math.max(0, ms)));
export const plural = (count: number, one: string) =>
  `${count} ${count === 1 ? one : /(s|ch)$/.test(one) ? `${one}es` : `${one}s`}`;
