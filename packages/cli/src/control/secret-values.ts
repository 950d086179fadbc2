// Collects the values of the secrets that a declaration names, for one purpose: so that control can black them out wherever a
// program has said them aloud (INV-12). They stay in memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { SystemSpec } from '@hale/model';

type Env = Readonly<Record<string, string | undefined>>;

/** Everything in `.hale/secrets.env`, and of the environment what secret() names. */
export function secretValuesOf(spec: SystemSpec, { root, env }: { root: string; env: Env }): string[] {
  const named = Object.values(spec.services).flatMap((service) =>
    Object.values(service.env).flatMap((value) => (value.kind === 'secret' ? [env[value.name]] : [])),
  );
  return [...Object.values(readSecrets(root)), ...named].filter((value) => value !== undefined);
}

function readSecrets(root: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(join(root, '.hale', 'secrets.env'), 'utf8'));
  } catch {
    // Whether it must be there is for the spawn to say, which names what is missing.
    return {};
  }
}
