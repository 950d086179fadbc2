// What was promised beside what was measured, in one line a promise. Pure.
import { formatDuration } from '@hale/base';
import type { Measured, PromiseView } from '@hale/model';
import type { Style } from './words.ts';

/** The windows that the figures speak of; see promise.ts of the model. */
export const promiseWindow = 'at the gateway: answers since its workers started, p99 of the last 10 to 20 s';

/** 'kept: 99.98 % answered (promised 99.9 %)'; one text for each thing that was promised. */
export function promiseTexts({ availability, p99Ms }: PromiseView, style: Style): string[] {
  return [
    ...(availability === undefined ? [] : [textOf(availability, 'answered', percentText, style)]),
    ...(p99Ms === undefined ? [] : [textOf(p99Ms, 'p99', (ms) => formatDuration(Math.round(ms)), style)]),
  ];
}

/** One line for each service that promised something. */
export function renderPromises(promises: Readonly<Record<string, PromiseView>> | undefined, style: Style): string[] {
  const { paint } = style;
  const lines = Object.entries(promises ?? {}).flatMap(([unit, promise]) =>
    promiseTexts(promise, style).map((text) => `${paint.name(unit)}  ${text}`),
  );
  return lines.length === 0 ? [] : [...lines, paint.faint(promiseWindow)];
}

function textOf({ objective, measured, met }: Measured, what: string, say: (value: number) => string, style: Style) {
  if (measured === null || met === null) return `promise of ${what} ${say(objective)}: not measured, nobody asked`;
  const verdict = met ? style.paint.good('promise kept') : style.paint.bad('promise broken');
  return `${verdict}: ${what} ${say(measured)} (promised ${say(objective)})`;
}

/** Cut, not rounded: 99.996 % is not 100 %. */
function percentText(value: number): string {
  return `${Math.floor(value * 1000) / 1000} %`;
}
