// The calm picture that `hale up` shows: head line, replicas, and the last of the story, fitted to the screen. Pure.
import type { LiveSystem } from '../client/live-system.ts';
import { renderFeed } from './feed-picture.ts';
import { cut } from './paint.ts';
import { renderHeadline, renderOwnTrouble, renderReplicas } from './system-picture.ts';
import type { Style } from './words.ts';

export interface PictureFrame {
  readonly rows: number;
  /** Lines that stand under the head line: addresses. */
  readonly addresses: readonly string[];
  /** What Ctrl-C does here. */
  readonly footer: string;
}

/** Lines of the picture, at most `frame.rows` - 1 of them, so that the cursor's line never scrolls. */
export function renderLive(live: LiveSystem, frame: PictureFrame, style: Style): string[] {
  const { paint, width } = style;
  const fit = (text: string) => (width === undefined ? text : cut(text, width));
  if (live.view === undefined)
    return [paint.busy('waiting for the control room'), ...frame.addresses.map(fit), '', paint.faint(frame.footer)];
  const head = [
    fit(renderHeadline(live.view, style)),
    ...(live.connected ? [] : [fit(paint.busy('the control room is away; this is the last it said, services go on'))]),
    ...renderOwnTrouble(live.view, style).map(fit),
    ...frame.addresses.map(fit),
    '',
  ];
  const table = renderReplicas(live.view, style);
  const room = Math.max(3, frame.rows - 1) - head.length - 2;
  const shown = table.length <= Math.max(2, room - 5) ? table : shorten(table, Math.max(2, room - 5), style);
  const feedRows = room - shown.length - 2;
  const story = feedRows >= 1 ? ['', paint.faint('WHAT HALE DID'), ...renderFeed(live.feed, feedRows, style)] : [];
  return [...head, ...shown, ...story, '', paint.faint(fit(frame.footer))].slice(0, Math.max(3, frame.rows - 1));
}

function shorten(table: readonly string[], rows: number, { paint }: Style): string[] {
  const hidden = table.length - (rows - 1);
  return [...table.slice(0, rows - 1), paint.faint(`… ${hidden} more: hale ps`)];
}
