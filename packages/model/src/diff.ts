// Spot the difference between two drawings: what a rollout would add, remove, replace, scale or merely adjust, and the
// same as sentences for `hale up` and `hale plan`. Shows no secret: only names of variables are compared aloud (INV-12).
import { canonicalJson } from '@hale/base';
import type { UnitName } from './names.ts';
import type { GatewaySpec, PostgresSpec, ServiceSpec, SystemSpec } from './spec.ts';
import type { UnitSpec } from './unit.ts';
import { unitsOf } from './units.ts';

export type UnitChange =
  | { readonly kind: 'added'; readonly unit: UnitName; readonly replicas: number }
  | { readonly kind: 'removed'; readonly unit: UnitName; readonly replicas: number }
  /** Each replica is replaced, one at a time. `what` names the fields. */
  | { readonly kind: 'replaced'; readonly unit: UnitName; readonly what: readonly string[]; readonly replicas: number }
  | { readonly kind: 'scaled'; readonly unit: UnitName; readonly from: number; readonly to: number }
  /** Followed while running: nothing is restarted. */
  | { readonly kind: 'adjusted'; readonly unit: UnitName; readonly what: readonly string[] };

export interface SystemDiff {
  /** In start order of the new system; removals last. Empty: nothing changed. */
  readonly changes: readonly UnitChange[];
  /** One plain sentence a change. */
  readonly sentences: readonly string[];
}

/** What it takes to get from `before` to `after`. */
export function diffSystems(before: SystemSpec, after: SystemSpec): SystemDiff {
  const old = new Map(unitsOf(before).map((unit) => [unit.name, unit]));
  const wanted = unitsOf(after);
  const changes: UnitChange[] = [];
  for (const unit of wanted) {
    const previous = old.get(unit.name);
    old.delete(unit.name);
    if (previous === undefined) changes.push({ kind: 'added', unit: unit.name, replicas: unit.replicas });
    else changes.push(...changesOf(previous, unit, changedFields(before, after, unit.name)));
  }
  for (const unit of [...old.values()].toReversed()) {
    changes.push({ kind: 'removed', unit: unit.name, replicas: unit.replicas });
  }
  return { changes, sentences: changes.map(describeChange) };
}

function changesOf(before: UnitSpec, after: UnitSpec, fields: readonly string[]): readonly UnitChange[] {
  const changes: UnitChange[] = [];
  const what = fields.filter((field) => field !== 'replicas' && field !== 'workers');
  if (before.fingerprint !== after.fingerprint) {
    changes.push({
      kind: 'replaced',
      unit: after.name,
      what: what.length === 0 ? ['listeners'] : what,
      replicas: Math.min(before.replicas, after.replicas),
    });
  } else if (what.length > 0) changes.push({ kind: 'adjusted', unit: after.name, what });
  if (before.replicas !== after.replicas) {
    changes.push({ kind: 'scaled', unit: after.name, from: before.replicas, to: after.replicas });
  }
  return changes;
}

type Part = ServiceSpec | PostgresSpec | GatewaySpec;

function partOf(spec: SystemSpec, unit: UnitName): Part | undefined {
  return spec.services[unit] ?? spec.resources[unit] ?? spec.gateway;
}

/** Top-level fields that differ; of `env`, the variables. */
function changedFields(before: SystemSpec, after: SystemSpec, unit: UnitName): readonly string[] {
  const from = recordOf(partOf(before, unit));
  const to = recordOf(partOf(after, unit));
  return keysThatDiffer(from, to).flatMap((field) =>
    field === 'env'
      ? keysThatDiffer(recordOf(from[field]), recordOf(to[field])).map((name) => `env ${name}`)
      : [wordFor(field)],
  );
}

function keysThatDiffer(from: Readonly<Record<string, unknown>>, to: Readonly<Record<string, unknown>>): string[] {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].filter((key) => canonicalJson({ v: from[key] }) !== canonicalJson({ v: to[key] }));
}

function recordOf(part: unknown): Readonly<Record<string, unknown>> {
  return (part ?? {}) as Readonly<Record<string, unknown>>;
}

/** The field as the declaration spells it. */
function wordFor(field: string): string {
  const words: Readonly<Record<string, string>> = {
    program: 'run or command',
    timeoutMs: 'timeout',
    tryTimeoutMs: 'tryTimeout',
    holdMs: 'hold',
    bodyBytesMax: 'bodyMax',
  };
  return words[field] ?? field;
}

function describeChange(change: UnitChange): string {
  switch (change.kind) {
    case 'added':
      return `${change.unit} is new: ${replicas(change.replicas)} will start`;
    case 'removed':
      return `${change.unit} is no longer declared: ${replicas(change.replicas)} will drain and stop`;
    case 'replaced':
      return `${change.unit}: ${list(change.what)} changed, so ${replicas(change.replicas)} will be replaced, one at a time`;
    case 'scaled':
      return `${change.unit}: from ${change.from} to ${replicas(change.to)}`;
    case 'adjusted':
      return `${change.unit}: ${list(change.what)} changed, followed without a restart`;
  }
}

function replicas(count: number): string {
  return count === 1 ? '1 replica' : `${count} replicas`;
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
