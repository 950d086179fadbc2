// `hale incidents`: what went wrong, what Hale made of it, and how it ended. Open ones and the last few; `--all` for
// every one that control still holds.
import type { IncidentView } from '@hale/model';
import { exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { lookAt } from '../system/running.ts';
import { renderIncidents } from '../terminal/incident-story.ts';
import type { CommandEntry } from './entry.ts';

const shownByDefault = 10;

/** Newest first, open ones before closed ones. */
export function inOrder(incidents: readonly IncidentView[]): IncidentView[] {
  const isOpen = (one: IncidentView) => (one.outcome === 'open' ? 1 : 0);
  return [...incidents].sort((a, b) => isOpen(b) - isOpen(a) || b.openedAt.wall - a.openedAt.wall);
}

export const incidentsCommand: CommandEntry = {
  usage: 'incidents',
  summary: 'what went wrong and how it ended; hale explain tells one in full',
  group: 'Look',
  shape: (command) => command.option('-a, --all', 'every incident that is still known'),
  async run(call) {
    const { terminal } = call.host;
    const { view } = await lookAt(call.host, call.folder);
    const known = inOrder(view.incidents);
    const shown = call.options['all'] === true ? known : known.slice(0, shownByDefault);
    if (call.json) terminal.json(shown);
    else if (known.length === 0) terminal.line('no incidents: nothing went wrong that Hale had to see to');
    else {
      for (const line of renderIncidents(shown, styleOf(call.host))) terminal.line(line);
      const rest = known.length - shown.length;
      terminal.line();
      terminal.line(
        terminal.paint.faint(
          `${rest > 0 ? `${rest} more: hale incidents --all. ` : ''}The whole story: hale explain ${shown[0]?.id}`,
        ),
      );
    }
    return exitCodes.ok;
  },
};
