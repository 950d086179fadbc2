// The variables of a Compose service. `${NAME}` becomes env(), secrets become secret(), and an address that names a neighbour
// (http://payments:3000) is taken out and listed, because Compose's names do not exist here.
import { type EnvDraft, isRecord, sortEnv } from './draft.ts';

/** What another entry of the file has become. */
export interface Neighbour {
  readonly kind: 'service' | 'postgres' | 'foreign';
  readonly name: string;
}

/** Pairs as written, of a map or of a list of NAME=value; null passes the variable through. */
export function composeEnvironment(input: unknown): readonly (readonly [string, string | null])[] {
  if (isRecord(input)) {
    return Object.entries(input).map(([name, value]) => [
      name,
      value === null || typeof value === 'object' ? null : String(value),
    ]);
  }
  return (Array.isArray(input) ? input : []).map(String).map((line) => {
    const at = line.indexOf('=');
    return at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
  });
}

export interface ComposeVariables {
  readonly env: Readonly<Record<string, EnvDraft>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly port: number | undefined;
  /** Neighbours that an address speaks of. */
  readonly speaksTo: readonly string[];
}

export function sortComposeEnvironment(
  input: unknown,
  neighbours: ReadonlyMap<string, Neighbour>,
  miss: (what: string, why: string) => void,
): ComposeVariables {
  const plain: Record<string, string> = {};
  const references: Record<string, EnvDraft> = {};
  const speaksTo: string[] = [];
  for (const [name, value] of composeEnvironment(input)) {
    const reference = referenceOf(name, value);
    const host = hostIn(value ?? '', neighbours);
    if (reference !== undefined) references[name] = reference;
    else if (host !== undefined) {
      speaksTo.push(host.written);
      miss(name, host.why);
    } else if (/\$\{|\$[A-Za-z_]/.test(value ?? ''))
      miss(name, 'variables inside of a text are not composed: set the whole value by env()');
    else plain[name] = (value ?? '').replaceAll('$$', '$');
  }
  const sorted = sortEnv(plain);
  const { PORT: _port, ...env } = { ...sorted.env, ...references };
  return { env, secrets: sorted.secrets, port: sorted.port, speaksTo };
}

/** `${NAME}`, `${NAME:-fallback}` or nothing at all. */
function referenceOf(name: string, value: string | null): EnvDraft | undefined {
  if (value === null) return { kind: 'env', name };
  const match = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?([-?])([^}]*))?\})$/.exec(value);
  const variable = match?.[1] ?? match?.[2];
  if (match === null || variable === undefined) return undefined;
  return match[3] === '-' ? { kind: 'env', name: variable, fallback: match[4] ?? '' } : { kind: 'env', name: variable };
}

interface HostFound {
  readonly written: string;
  readonly why: string;
}

function hostIn(value: string, neighbours: ReadonlyMap<string, Neighbour>): HostFound | undefined {
  const url = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/]*@)?([A-Za-z0-9_.-]+)(?::(\d+))?/i.exec(value);
  const written = url?.[2] ?? value;
  const neighbour = neighbours.get(written);
  if (neighbour === undefined) return undefined;
  const variable = neighbour.name.toUpperCase().replaceAll('-', '_');
  if (neighbour.kind === 'foreign')
    return { written, why: `it names ${written}, which was not mapped: give its address here` };
  if (neighbour.kind === 'postgres') {
    return { written, why: `Hale says the address: DATABASE_URL, and HALE_DB_${variable}` };
  }
  return { written, why: `Hale says the address: read HALE_URL_${variable}` };
}
