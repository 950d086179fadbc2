// `hale explain [incident]`: one incident told in full. Without a name the newest, open ones first; a beginning or an
// end of an id, or the name of a service or replica, will do.

import { isHaleError } from '@hale/base';
import type { IncidentView, SystemView } from '@hale/model';
import { exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { unknownName } from '../system/find-names.ts';
import { askPatiently, lookAt } from '../system/running.ts';
import { renderStory } from '../terminal/incident-story.ts';
import type { CommandEntry } from './entry.ts';
import { inOrder } from './incidents.ts';

/** The incident that `name` means; undefined when the view knows none such. */
export function chooseIncident(view: SystemView, name: string | undefined): IncidentView | undefined {
  const known = inOrder(view.incidents);
  if (name === undefined) return known[0];
  const upper = name.toUpperCase();
  return (
    known.find((one) => one.id === name) ??
    known.find((one) => one.unit === name || one.replicas.some((replica) => replica === name)) ??
    known.find((one) => one.id.toUpperCase().startsWith(upper) || one.id.toUpperCase().endsWith(upper))
  );
}

export const explainCommand: CommandEntry = {
  usage: 'explain [incident]',
  summary: 'the whole story of an incident: what was seen, done, turned down, and checked',
  group: 'Look',
  async run(call) {
    const { host } = call;
    const { system, view } = await lookAt(host, call.folder);
    const name = call.args[0];
    const incident = chooseIncident(view, name) ?? (await ask(name));
    if (incident === undefined) {
      if (call.json) host.terminal.json(null);
      else host.terminal.line('no incidents: there is nothing to explain');
      return exitCodes.ok;
    }
    if (call.json) host.terminal.json(incident);
    else for (const line of renderStory(incident, styleOf(host))) host.terminal.line(line);
    return exitCodes.ok;

    /** The view holds the newest; control may know older ones by their whole id. */
    async function ask(id: string | undefined): Promise<IncidentView | undefined> {
      if (id === undefined) return undefined;
      try {
        return await askPatiently(host, () => system.api.incident(id));
      } catch (error) {
        if (isHaleError(error) && error.details['status'] === 404)
          throw unknownName(
            id,
            view.incidents.map((one) => one.id),
          );
        throw error;
      }
    }
  },
};
