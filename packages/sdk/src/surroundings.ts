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
    zone: env['HALE_ZONE'],
    tableFile: env['HALE_TABLE'] ?? tableIn(env['HALE_RUNTIME_DIR']),
    lingerMs: kubernetes ? lingerOnKubernetesMs : replica !== undefined ? lingerUnderHaleMs : 0,
  };
}

/** 'payments-eu' -> 'HALE_URL_PAYMENTS_EU'. */
export function urlVariable(service: string): string {
  return `HALE_URL_${service.toUpperCase().replaceAll('-', '_')}`;
}

function tableIn(runtimeDir: string | undefined): string | undefined {
  return runtimeDir === undefined ? undefined : `${runtimeDir}/table.json`;
}

function readPort(text: string | undefined, portDefault: number): number {
  if (text === undefined || text === '') return portDefault;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw sdkError('HALE_SDK_PORT_INVALID', `PORT is '${text}'`);
}
