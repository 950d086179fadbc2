// Which door is the front door, and who keeps its old port. Callers outside of this repository know ports by heart, so a
// port that was published stays where it was: on the gateway for the front, fixed for the others. Everything else gets a
// port from Hale, which is what lets a replacement start beside the old one.
import type { Harvest, Listening, ServiceDraft, Unmapped } from './draft.ts';

export interface ServicePlan {
  readonly draft: ServiceDraft;
  /** As the declaration writes it: undefined lets Hale pick. */
  readonly port: number | false | undefined;
  readonly replicas: number;
  /** What a reader should know about it, in a line. */
  readonly remark: string | undefined;
}

export interface SystemPlan {
  readonly name: string;
  readonly services: readonly ServicePlan[];
  readonly resources: Harvest['resources'];
  readonly gateway: { readonly port: number; readonly front: string } | undefined;
  readonly unmapped: readonly Unmapped[];
}

export const gatewayPort = 8080;

export function planSystem(name: string, harvest: Harvest): SystemPlan {
  const front = chooseFront(harvest.services);
  const taken = new Map<number, string>();
  const unmapped: Unmapped[] = [...harvest.unmapped];
  // The front door's port is promised first.
  const frontPort = front === undefined ? undefined : frontDoorPort(front.listening);
  if (frontPort !== undefined) taken.set(frontPort, 'the gateway');
  const services = harvest.services.flatMap((draft) => {
    const plan = planService(draft, { front: front?.name, taken });
    if ('why' in plan) unmapped.push({ what: draft.name, from: draft.from, why: plan.why });
    if ('why' in plan && plan.plan === undefined) return [];
    return [plan.plan as ServicePlan];
  });
  const gateway =
    front !== undefined && services.some(({ draft }) => draft.name === front.name)
      ? { port: frontPort ?? freeFrom(gatewayPort, taken), front: front.name }
      : undefined;
  const names = [...services.map(({ draft }) => draft.name), ...harvest.resources.map((resource) => resource.name)];
  const linked = services.map((plan) => ({
    ...plan,
    draft: { ...plan.draft, uses: plan.draft.uses.filter((used) => names.includes(used)) },
  }));
  return { name, services: linked, resources: harvest.resources, gateway, unmapped };
}

function chooseFront(services: readonly ServiceDraft[]): ServiceDraft | undefined {
  const listening = services.filter(({ listening }) => listening.kind === 'listens');
  const used = new Set(services.flatMap(({ uses }) => uses));
  const rank = ({ name, listening }: ServiceDraft) =>
    (used.has(name) ? 0 : 4) +
    (/^(web|www|front|store|site|app|ui)/.test(name) ? 2 : 0) +
    (listening.kind === 'listens' && listening.published !== undefined ? 1 : 0);
  return listening.toSorted((a, b) => rank(b) - rank(a))[0];
}

/** Where users found the front so far, unless the front itself stays there: one that does not read PORT keeps its own. */
function frontDoorPort(listening: Listening): number | undefined {
  if (listening.kind !== 'listens') return undefined;
  const { reads, port, published } = listening;
  if (reads) return published ?? gatewayPort;
  return published === port ? undefined : published;
}

type Planned = { readonly plan: ServicePlan } | { readonly plan: ServicePlan | undefined; readonly why: string };

function planService(
  draft: ServiceDraft,
  place: { readonly front: string | undefined; readonly taken: Map<number, string> },
): Planned {
  const { listening, name, replicas } = draft;
  const plan = (port: ServicePlan['port'], count = replicas, remark?: string): ServicePlan => ({
    draft,
    port,
    replicas: count,
    remark,
  });
  if (listening.kind === 'silent') return { plan: plan(false, replicas, 'opens no port: asked only to be alive') };
  if (listening.kind === 'unknown') {
    const why =
      'it could not be seen whether it listens: mapped with port: false. If it reads PORT, take that line out';
    return { plan: plan(false), why };
  }
  if (listening.reads) {
    const { published } = listening;
    if (name === place.front || published === undefined) return { plan: plan(undefined) };
    if (replicas > 1 || place.taken.has(published)) {
      const why = `port ${published} is not kept: each replica is told its own in PORT. Callers read HALE_URL_${variable(name)}`;
      return { plan: plan(undefined), why };
    }
    place.taken.set(published, name);
    const remark = `port kept for callers that know it; drop it once they read HALE_URL_${variable(name)}`;
    return { plan: plan(published, replicas, remark) };
  }
  const port = listening.port ?? 0;
  const holder = place.taken.get(port);
  if (holder !== undefined) {
    return {
      plan: undefined,
      why: `it listens on ${port} whatever PORT says, and so does ${holder}: let it read PORT`,
    };
  }
  place.taken.set(port, name);
  const remark = `listens on ${port} whatever PORT says; once it reads PORT, drop the line and add replicas`;
  const { published } = listening;
  if (replicas === 1 && published !== undefined && published !== port && name !== place.front) {
    return { plan: plan(port, 1, remark), why: `it was reached on port ${published}; here it is reached on ${port}` };
  }
  if (replicas === 1) return { plan: plan(port, 1, remark) };
  return { plan: plan(port, 1, remark), why: `${replicas} instances on one fixed port cannot be: written as one` };
}

function variable(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function freeFrom(port: number, taken: ReadonlyMap<number, string>): number {
  let free = port;
  while (taken.has(free)) free++;
  return free;
}
