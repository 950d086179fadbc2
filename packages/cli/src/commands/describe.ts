// `hale describe NAME`: one service or replica on one page. As JSON: what was declared (masked) and what is seen.
import { maskEnv, type ServiceSpec } from '@hale/model';
import { exitCodes } from '../errors.ts';
import { styleOf } from '../host.ts';
import { findNamed } from '../system/find-names.ts';
import { latestRelease, readIdentity } from '../system/folder.ts';
import { lookAt, promisesOf } from '../system/running.ts';
import { renderReplica, renderUnit } from '../terminal/describe-picture.ts';

import type { CommandEntry } from './entry.ts';

export const describeCommand: CommandEntry = {
  usage: 'describe <name>',
  summary: 'all about one service or replica',
  group: 'Look',
  async run(call) {
    const { terminal } = call.host;
    const { system, view } = await lookAt(call.host, call.folder);
    const named = findNamed(view, call.args[0] ?? '');
    const style = styleOf(call.host);
    if (named.kind === 'replica') {
      if (call.json) terminal.json(named.replica);
      else for (const line of renderReplica(view, named.replica, style)) terminal.line(line);
      return exitCodes.ok;
    }
    const { unit } = named;
    const spec = latestRelease(system.root)?.spec;
    const service = spec?.services[unit.unit];
    const resource = spec?.resources[unit.unit];
    const port = readIdentity(system.root)?.ports[unit.role === 'gateway' ? 'public' : `svc:${unit.unit}`];
    const url = port === undefined ? undefined : `http://127.0.0.1:${port}`;
    const promise = (await promisesOf(system))?.[unit.unit];
    if (call.json) {
      const replicas = view.replicas.filter((one) => one.unit === unit.unit);
      const declared = service === undefined ? (resource ?? null) : masked(service);
      terminal.json({ unit, replicas, url, declared, promise });
    } else for (const line of renderUnit({ view, unit, service, resource, url, promise }, style)) terminal.line(line);
    return exitCodes.ok;
  },
};

function masked(service: ServiceSpec) {
  return { ...service, env: maskEnv(service.env) };
}
