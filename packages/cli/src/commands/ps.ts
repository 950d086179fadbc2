// `hale ps`: every replica, what it is doing and why.
import type { SystemView } from '@hale/model';
import { exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { lookAt } from '../system/running.ts';
import { renderOwnTrouble, renderReplicas } from '../terminal/system-picture.ts';
import type { Style } from '../terminal/words.ts';
import type { CommandEntry } from './entry.ts';
import { type Watched, watchPicture } from './watch.ts';

const text = (view: SystemView, style: Style) => [...renderOwnTrouble(view, style), ...renderReplicas(view, style)];
const picture: Watched = { text, data: (view) => view };

export const psCommand: CommandEntry = {
  usage: 'ps',
  summary: 'every replica: its state, port, pid, load, and why',
  group: 'Look',
  shape: (command) => command.option('-w, --watch', 'keep showing it as it changes'),
  async run(call) {
    if (call.options['watch'] === true) return watchPicture(call, picture);
    const { view } = await lookAt(call.host, call.folder);
    if (call.json) call.host.terminal.json(view);
    else for (const line of text(view, styleOf(call.host))) call.host.terminal.line(line);
    return exitCodes.ok;
  },
};
