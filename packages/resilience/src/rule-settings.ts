// The scale at the counter: every rule weighs the numbers it is given before it opens. An impossible one is told with its name, what
// came and what may come, all of a rule at once, and what the rule did before stays as it was. It corrects nothing silently.
import { HaleError } from '@hale/base';

/** One number of a rule and the range it may have; both ends belong to it. */
export interface NumberRange {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Throws HALE_RESILIENCE_SETTINGS naming every number that is out of its range (NaN is out of every range).
 *
 * @param rule the rule as users know it, e.g. `rateLimit`
 */
export function checkNumbers(rule: string, ranges: readonly NumberRange[]): void {
  const wrong = ranges.filter(({ value, min, max }) => !(value >= min && value <= max));
  if (wrong.length === 0) return;
  const told = wrong.map(
    ({ name, value, min, max }) => `${rule}.${name} is ${String(value)}, but must be ${range(min, max)}`,
  );
  throw new HaleError({
    code: 'HALE_RESILIENCE_SETTINGS',
    message: told.join('; '),
    hint: `correct ${wrong.map(({ name }) => `${rule}.${name}`).join(', ')}, or leave it out: the default needs no tuning`,
    details: { rule, wrong: wrong.map(({ name }) => name) },
  });
}

function range(min: number, max: number): string {
  return max === Number.POSITIVE_INFINITY ? `at least ${min}` : `between ${min} and ${max}`;
}
