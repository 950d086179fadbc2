// Each invariant of DESIGN section 5 must be cited by at least one test or checking tool: a promise without a check is a wish.
import type { Finding, SourceFile } from './source.ts';

const invariants = Array.from({ length: 12 }, (_, index) => `INV-${String(index + 1).padStart(2, '0')}`);
/** Promises about what is not built yet, with the place that will guard them. */
const later = new Map([
  ['INV-07', 'failover of PostgreSQL'],
  ['INV-11', 'the exactly-once path'],
]);

export function invariantFindings(sources: readonly SourceFile[]): readonly Finding[] {
  const checks = sources.filter(
    (source) => source.isTest || source.path.includes('/referees') || source.path === 'tools/tidy.ts',
  );
  return invariants
    .filter((invariant) => !later.has(invariant) && !checks.some((source) => source.text.includes(invariant)))
    .map((invariant) => ({
      path: 'ARCHITECTURE.md',
      line: 1,
      message: `${invariant} is cited by no test: write the check that guards it`,
    }));
}
