// `hale status`: is all well? Exit 0 says yes to a script, 1 no, 3 that nothing runs.
import type { SystemView } from '@hale/model';
import { exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { lookAt, promisesOf } from '../system/running.ts';
import { renderBackups } from '../terminal/backup-picture.ts';
import { renderPromises } from '../terminal/promise-picture.ts';
import { renderHeadline, renderTroubles } from '../terminal/system-picture.ts';
import type { Style } from '../terminal/words.ts';
import type { CommandEntry } from './entry.ts';
import { watchPicture } from './watch.ts';

const text = (view: SystemView, style: Style) => [
  renderHeadline(view, style),
  ...renderTroubles(view, style),
  ...renderBackups(view.backups, view.at.wall, style),
];

const isWell = (view: SystemView) => view.state === 'healthy' && view.trouble === undefined;

function summarize(view: SystemView) {
  return {
    system: view.system,
    id: view.id,
    release: view.release,
    state: view.state,
    healthy: isWell(view),
    trouble: view.trouble,
    units: view.units,
    ...(view.backups && { backups: view.backups }),
    openIncidents: view.incidents.filter((incident) => incident.outcome === 'open').map((incident) => incident.id),
  };
}

export const statusCommand: CommandEntry = {
  usage: 'status',
  summary: 'is all well? exits 0 only when every service is healthy',
  group: 'Look',
  shape: (command) => command.option('-w, --watch', 'keep showing it as it changes'),
  async run(call) {
    if (call.options['watch'] === true) return watchPicture(call, { text, data: summarize });
    const { system, view } = await lookAt(call.host, call.folder);
    const promises = await promisesOf(system);
    const style = styleOf(call.host);
    if (call.json) call.host.terminal.json({ ...summarize(view), promises: promises ?? {} });
    else for (const line of [...text(view, style), ...renderPromises(promises, style)]) call.host.terminal.line(line);
    return isWell(view) ? exitCodes.ok : exitCodes.failure;
  },
};
