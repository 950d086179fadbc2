// A picture redrawn in place: it remembers how many lines it drew, goes back up and overwrites them, at most ten times
// a second. It uses no alternate screen, so that what was last seen stays above the prompt.
import type { Clock } from '@hale/base';
import type { Terminal } from './terminal.ts';

export interface Screen {
  /** Draws now or soon; between two calls only the newest picture is drawn. */
  show(lines: readonly string[]): void;
  /** Draws what waits, gives the cursor back; nothing is drawn after. */
  close(): void;
}

const frameMs = 100;
const clearToEnd = '\u001b[0J';
const clearLine = '\u001b[2K';

export function createScreen(terminal: Terminal, clock: Clock): Screen {
  let drawn = 0;
  let waiting: readonly string[] | undefined;
  let timer: { cancel(): void } | undefined;
  const draw = (lines: readonly string[]) => {
    const up = drawn > 0 ? `\u001b[${drawn}A\r` : '';
    terminal.raw(`${up}${lines.map((line) => `${clearLine}${line}\n`).join('')}${clearToEnd}`);
    drawn = lines.length;
  };
  const flush = () => {
    timer = undefined;
    if (waiting === undefined) return;
    draw(waiting);
    waiting = undefined;
    timer = clock.after(frameMs, flush, true);
  };
  terminal.raw('\u001b[?25l');
  return {
    show(lines) {
      waiting = lines;
      if (timer === undefined) flush();
    },
    close() {
      timer?.cancel();
      if (waiting !== undefined) draw(waiting);
      waiting = undefined;
      terminal.raw('\u001b[?25h');
    },
  };
}
