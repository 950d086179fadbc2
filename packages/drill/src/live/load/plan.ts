// What the crowd asks for, in which proportion, and which answers are promises. A system brings its own plan in a file
// `hale.load.json` beside its declaration; without one, every route is simply looked at.
import { readFileSync } from 'node:fs';
import type { Rng } from '@hale/base';
import { drillError } from '../../errors.ts';

export interface LoadPlan {
  /** Named mixes; 'drill' is what drills use. */
  readonly mixes: Readonly<Record<string, readonly RequestTemplate[]>>;
  /** Lists of words for `{name}` in templates. */
  readonly words?: Readonly<Record<string, readonly string[]>>;
  /** Where kept records are listed: `GET <books>?prefix=&after=&limit=` answers `{ ids: [...] }`, sorted. */
  readonly books?: string;
  /** The service that drills break; without it, the one with the most replicas. */
  readonly service?: string;
}

/** `{id}` is unique a request, `{<list>}` a word of that list. Everything in a plan must be safe to send again. */
export interface RequestTemplate {
  readonly weight: number;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** An answer below 300 promises that the record `{id}` is kept. */
  readonly keeps?: boolean;
}

export interface LoadRequest {
  readonly method: RequestTemplate['method'];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly body: string | undefined;
  /** Set where the answer promises that this record is kept. */
  readonly recordId: string | undefined;
}

/** A plan that looks at each of `prefixes`. */
export function defaultPlan(prefixes: readonly string[]): LoadPlan {
  return { mixes: { drill: prefixes.map((path) => ({ weight: 1, method: 'GET', path })) } };
}

/** Reads a plan. Throws HALE_DRILL_PLAN_BAD when the file is no plan. */
export function readPlan(file: string): LoadPlan {
  let plan: Partial<LoadPlan>;
  try {
    plan = JSON.parse(readFileSync(file, 'utf8')) as Partial<LoadPlan>;
  } catch (error) {
    throw badPlan(file, (error as Error).message);
  }
  const mixes = Object.entries(plan.mixes ?? {});
  if (mixes.length === 0) throw badPlan(file, 'it has no mixes');
  for (const [name, templates] of mixes) {
    const bad = templates.find((one) => !(one.weight > 0) || !one.path?.startsWith('/') || one.method === undefined);
    if (templates.length === 0 || bad !== undefined)
      throw badPlan(file, `mix '${name}': each request needs weight > 0, method and path`);
  }
  return plan as LoadPlan;
}

function badPlan(file: string, why: string): Error {
  return drillError('HALE_DRILL_PLAN_BAD', `${file} is no load plan: ${why}`);
}

/** Draws requests of one mix. `runId` starts the id of every record of this run. */
export function createRequests(
  plan: LoadPlan,
  { mix, rng, runId }: { mix: string; rng: Rng; runId: string },
): { next(mayKeep: boolean): LoadRequest } {
  const templates = plan.mixes[mix] ?? plan.mixes['drill'] ?? [];
  const looking = templates.filter((one) => one.keeps !== true);
  const draw = (from: readonly RequestTemplate[]): RequestTemplate => {
    let rest = rng.unit() * from.reduce((sum, one) => sum + one.weight, 0);
    for (const one of from) {
      rest -= one.weight;
      if (rest < 0) return one;
    }
    return from[0]!;
  };
  let serial = 0;
  return {
    next(mayKeep) {
      const template = draw(mayKeep || looking.length === 0 ? templates : looking);
      const id = `${runId}-${String(++serial).padStart(9, '0')}`;
      const fill = (text: string) =>
        text.replace(/\{(\w+)\}/g, (found, name: string) => (name === 'id' ? id : (wordOf(plan, name, rng) ?? found)));
      return {
        method: template.method,
        path: fill(template.path),
        headers: template.headers === undefined ? undefined : fillAll(template.headers, fill),
        body: template.body === undefined ? undefined : fill(template.body),
        recordId: template.keeps === true ? id : undefined,
      };
    },
  };
}

function wordOf(plan: LoadPlan, list: string, rng: Rng): string | undefined {
  const words = plan.words?.[list];
  return words === undefined ? undefined : words[rng.below(words.length)];
}

function fillAll(headers: Readonly<Record<string, string>>, fill: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
}
