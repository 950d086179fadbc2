// A database that somebody else runs, as it is declared: where it is, as a reference, and nothing that only a server of Hale's own could
// do. What is asked of it in vain is a problem, because silence would be a broken promise.
import type { Problem } from '@hale/base';
import type { PostgresSpec } from '../spec.ts';
import { errorAt, type Path } from './problems.ts';
import type { PostgresShape } from './shapes.ts';

/** For each field why it cannot be acted on. */
const inVain = {
  standbys: 'its standbys are made where it runs',
  durability: 'who acknowledges is decided where it runs',
  port: 'its port stands in the url',
  database: 'its database stands in the url',
} as const;

export function readElsewhere(
  shape: PostgresShape,
  path: Path,
): { readonly url: PostgresSpec['url']; readonly problems: readonly Problem[] } {
  const { url, bin, backup } = shape;
  if (url === undefined) return { url, problems: [] };
  const complain = (field: string, why: string, hint: string) =>
    errorAt([...path, field], { message: `${field} is nothing for a server elsewhere: ${why}`, hint });
  const problems = Object.entries(inVain)
    .filter(([field]) => shape[field as keyof typeof inVain] !== undefined)
    .map(([field, why]) => complain(field, why, 'leave it out, or leave url out'));
  if (bin !== undefined && backup === undefined)
    problems.push(
      complain('bin', 'Hale does not start it', 'leave it out: it only proves backups, and none is declared'),
    );
  if (backup?.synchronous === true) {
    const message = 'commits of a server elsewhere wait for whom it was told to wait for';
    const hint = "leave it out; where it runs: alter system set synchronous_standby_names = 'hale_backup'";
    problems.push(errorAt([...path, 'backup', 'synchronous'], { message, hint }));
  }
  const { kind, name } = url;
  return { url: kind === 'secret' ? { kind, name } : { kind, name, fallback: url.fallback }, problems };
}
