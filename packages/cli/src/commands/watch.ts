// `--watch` for commands that print one picture: the same picture, redrawn as the system changes, until Ctrl-C. Where
// stdout is no terminal, or a machine reads, one picture (or one line of JSON) a change.
import type { SystemView } from '@hale/model';
import { watchSystem } from '../client/live-system.ts';
import { exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { requireRunning } from '../system/running.ts';
import { createScreen } from '../terminal/screen.ts';
import type { Style } from '../terminal/words.ts';
import type { Call } from './entry.ts';

export interface Watched {
  readonly text: (view: SystemView, style: Style) => readonly string[];
  readonly data: (view: SystemView) => unknown;
}

/** Shows the picture anew at each change; 130 after Ctrl-C, 0 when the system went down. */
export async function watchPicture(call: Call, watched: Watched): Promise<number> {
  const { host } = call;
  const system = await requireRunning(call.folder);
  const stop = new AbortController();
  const release = host.onInterrupt(() => stop.abort());
  const screen = host.terminal.live && !call.json ? createScreen(host.terminal, host.clock) : undefined;
  let last = '';
  const ended = await watchSystem({
    host,
    system,
    signal: stop.signal,
    onChange: ({ view }) => {
      if (view === undefined) return;
      const text = call.json ? JSON.stringify(watched.data(view)) : watched.text(view, styleOf(host)).join('\n');
      if (screen !== undefined) screen.show(text.split('\n'));
      else if (text !== last) host.terminal.line(text);
      last = text;
    },
  });
  screen?.close();
  release();
  return ended === 'stopped-watching' ? exitCodes.interrupted : exitCodes.ok;
}
