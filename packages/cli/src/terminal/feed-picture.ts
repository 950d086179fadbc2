// The story as it happens, one line a note: when, what kind, whom it concerns, and the sentence. Pure.
import type { FeedLine } from '@hale/model';
import { cut, padEnd, tame } from './paint.ts';
import { noteText, type Style, timeOfDay } from './words.ts';

const kindWidth = 11;
const whoWidth = 14;

/** '14:03:07  ✗ condemned  orders/1        its event loop has been blocked for 3.0s'. */
export function renderFeedLine(line: FeedLine, style: Style): string {
  const { paint } = style;
  const who = line.replica ?? line.unit ?? 'system';
  const text = [
    paint.faint(timeOfDay(line.at.wall, style.utcOffsetMinutes)),
    padEnd(noteText(paint, line.kind), kindWidth),
    padEnd(paint.name(who), whoWidth),
    tame(line.text),
  ].join('  ');
  return style.width === undefined ? text : cut(text, style.width);
}

/** The newest `count` lines, oldest first. */
export function renderFeed(lines: readonly FeedLine[], count: number, style: Style): string[] {
  if (lines.length === 0) return [style.paint.faint('nothing yet: what Hale notices and does appears here')];
  return lines.slice(-Math.max(1, count)).map((line) => renderFeedLine(line, style));
}
