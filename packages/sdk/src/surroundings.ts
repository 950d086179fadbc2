// The label on the box: what the process was told by whoever started it, read once from its environment.
// Outside Hale most of it is absent, and everything has a default that works: the same program runs alone.
import { sdkError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  /** Where to listen. 0 picks a free port. */
  readonly port: number;
  /** Undefined: every interface (IPv6 and IPv4). Under Hale on one host: 127.0.0.1. */
  readonly host: string | undefined;
  /** `service/ordinal` under Hale. */
  readonly replica: string | undefined;
  /** This life of the replica, under Hale. */
  readonly incarnation: string | undefined;
  /** Where short-lived files of the system lie, under Hale. */
  readonly runtimeDir: string | undefined;
  readonly zone: string | undefined;
  /** The endpoint table's file under Hale. */
  readonly tableFile: string | undefined;
  /** How long requests are still accepted after the order to stop: who sends them may not have heard yet. */
  readonly lingerMs: number;
}

/** Kubernetes takes an endpoint away and sends SIGTERM at the same moment, so callers lag; Hale takes it away first. */
const lingerOnKubernetesMs = 5_000;
const lingerUnderHaleMs = 100;

/** Reads PORT, HOST, HALE_REPLICA, HALE_ZONE, HALE_TABLE (or HALE_RUNTIME_DIR, which holds it). Throws HALE_SDK_PORT_INVALID. */
export function readSurroundings(env: Environment, portDefault: number): Surroundings {
  const replica = env['HALE_REPLICA'];
  const kubernetes = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  return {
    port: readPort(env['PORT'], portDefault),
    host: env['HOST'] ?? (replica !== undefined && !kubernetes ? '127.0.0.1' : undefined),
    replica,
    incarnation: env['HALE_INCARNATION'],
    runtimeDir: env['HALE_RUNTIME_DIR'],
    zone: env['HALE_ZONE'],
    tableFile: tableFileOf(env),
    lingerMs: kubernetes ? lingerOnKubernetesMs : replica !== undefined ? lingerUnderHaleMs : 0,
  };
}

/** The services that this one was told of: those with a HALE_URL_ variable, in their own spelling. */
export function knownServices(env: Environment): readonly string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(urlPrefix) && env[name] !== '')
    .map((name) => name.slice(urlPrefix.length).toLowerCase().replaceAll('_', '-'))
    .sort();
}

const urlPrefix = 'HALE_URL_';

/** 'payments-eu' -> 'HALE_URL_PAYMENTS_EU'. */
export function urlVariable(service: string): string {
  return `${urlPrefix}${service.toUpperCase().replaceAll('-', '_')}`;
}

/** 'payments-eu' -> 'HALE_ENDPOINTS_PAYMENTS_EU': addresses with commas between, for programs outside Hale. */
export function endpointsVariable(service: string): string {
  return urlVariable(service).replace(urlPrefix, 'HALE_ENDPOINTS_');
}

/** Under Hale a service is told whom it may call (`uses`). Throws HALE_SDK_SERVICE_UNKNOWN, naming whom it may, for anybody else. */
export function checkKnown(service: string, from: { readonly env: Environment; readonly caller: string }): void {
  const { env, caller } = from;
  if (env['HALE_REPLICA'] === undefined || env[urlVariable(service)] !== undefined) return;
  const known = knownServices(env);
  const near = known.find((one) => distance(one, service) <= 2);
  const guess = near === undefined ? '' : `; did you mean '${near}'?`;
  throw sdkError(
    'HALE_SDK_SERVICE_UNKNOWN',
    `${caller || 'this program'} uses no service '${service}' (it uses: ${known.join(', ') || 'none'})${guess}`,
    { details: { service, known } },
  );
}

/** Letters to add, drop or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}

/** The endpoint table's file: HALE_TABLE, or the one in HALE_RUNTIME_DIR. */
export function tableFileOf(env: Environment): string | undefined {
  const runtimeDir = env['HALE_RUNTIME_DIR'];
  return env['HALE_TABLE'] ?? (runtimeDir === undefined ? undefined : `${runtimeDir}/table.json`);
}

function readPort(text: string | undefined, portDefault: number): number {
  if (text === undefined || text === '') return portDefault;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw sdkError('HALE_SDK_PORT_INVALID', `PORT is '${text}'`);
}
