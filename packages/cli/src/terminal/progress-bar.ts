// A bar that fills while something long is done; only on a terminal that can be redrawn, and gone without a trace at the end.
import type { Host } from '../host.ts';

export interface ProgressBar {
  /** `share` 0 to 1; undefined: nobody knows how much there is. */
  show(share: number | undefined, words: string): void;
  readonly clear: () => void;
}

const barWidth = 24;
const redrawEveryMs = 100;

export function createBar({ terminal, clock }: Host, silent: boolean): ProgressBar {
  let last = Number.NEGATIVE_INFINITY;
  const draws = terminal.live && !silent;
  return {
    show(share, words) {
      if (!draws || clock.mono() - last < redrawEveryMs) return;
      last = clock.mono();
      const filled = Math.round(Math.min(1, share ?? 0) * barWidth);
      const bar = share === undefined ? '' : `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} `;
      terminal.raw(`\r\x1b[2K${bar}${words}`);
    },
    clear() {
      if (draws) terminal.raw('\r\x1b[2K');
    },
  };
}
