// What would happen if this folder were brought up now: what is added, replaced and removed, and which callers would break. It looks, and
// changes nothing; `hale up` does what is shown here.
import { type ApiChange, diffApis, diffSystems, type SystemDiff, type SystemSpec, type UnitName } from '@hale/model';
import { latestRelease, readIdentity } from '../system/folder.ts';
import { readApiFile } from './api-reader.ts';
import { askRunningApi } from './running-api.ts';

export interface ApiPlan {
  readonly service: UnitName;
  /** Services that use it: whoever would notice. */
  readonly callers: readonly UnitName[];
  readonly changes: readonly ApiChange[];
  /** Why nothing could be compared; undefined where it was. */
  readonly silent: string | undefined;
}

export interface Plan {
  /** Undefined: nothing was ever started here. */
  readonly difference: SystemDiff | undefined;
  readonly apis: readonly ApiPlan[];
  readonly breaking: number;
}

/** Plans `spec` against what runs. `isUp`: whether the system runs. Throws HALE_CLI_API_UNREADABLE. */
export async function planRelease(spec: SystemSpec, isUp: boolean): Promise<Plan> {
  const before = latestRelease(spec.root)?.spec;
  const identity = readIdentity(spec.root);
  const difference = before === undefined ? undefined : diffSystems(before, { ...spec, id: before.id });
  const apis: ApiPlan[] = [];
  for (const service of Object.values(spec.services)) {
    if (service.api === undefined) continue;
    const document = await readApiFile(service.api);
    const port = identity?.ports[`svc:${service.name}`];
    const runs = isUp && before?.services[service.name] !== undefined;
    if (!runs || port === undefined) {
      apis.push(planOf(spec, service.name, { changes: [], silent: 'it does not run yet' }));
      continue;
    }
    const running = await askRunningApi(port);
    apis.push(
      planOf(
        spec,
        service.name,
        running.kind === 'silent'
          ? { changes: [], silent: running.why }
          : { changes: diffApis(running.document, document), silent: undefined },
      ),
    );
  }
  const breaking = apis.reduce((sum, { changes }) => sum + changes.filter((one) => one.breaking).length, 0);
  return { difference, apis, breaking };
}

function planOf(spec: SystemSpec, service: UnitName, found: Pick<ApiPlan, 'changes' | 'silent'>): ApiPlan {
  const callers = Object.values(spec.services).flatMap(({ name, uses }) => (uses.includes(service) ? [name] : []));
  return { service, callers, ...found };
}
