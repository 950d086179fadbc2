// The driver (pg), by its shape, and what must be done to each of its connections before anybody uses it. It is loaded when first needed, from the
// program's own node_modules, so a service without a database does not need it.
import { Socket } from 'node:net';
import type { Clock } from '@hale/base';
import { sqlError } from './errors.ts';

export interface SqlResult<Row> {
  readonly rows: readonly Row[];
  readonly rowCount: number | null;
}

/** A client of pg, as far as it is used here. */
export interface DriverClient {
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads cannot be spelled by shape
  query(text: string, values?: readonly unknown[]): Promise<any>;
  on(event: 'error' | 'end', listener: () => void): unknown;
  on(event: 'notice', listener: (notice: { readonly code?: string | undefined }) => void): unknown;
  release(destroy?: boolean): void;
}

/** A Pool of pg, as far as it is used here. */
export interface DriverPool {
  readonly waitingCount: number;
  readonly totalCount: number;
  readonly idleCount: number;
  on(event: 'error', listener: () => void): unknown;
  on(event: 'connect', listener: (client: DriverClient) => void): unknown;
  connect(): Promise<DriverClient>;
  end(): Promise<void>;
}

export interface PoolSettings {
  readonly url: string;
  readonly connections: number;
  readonly name: string;
  readonly clock: Clock;
}

/** A process that stands still in the middle of a transaction lets go of its locks after this. */
const idleInTransactionMs = 60_000;
/** Longer than a relay holds a connection while there is no primary. */
const connectMs = 12_000;
/** A host that is there takes the call at once, whatever it says afterwards; of one that is gone nothing is heard. Two packets may be lost. */
const dialMs = 4_000;
/** An idle connection to a host that has vanished is found out this long, and ten questions of the kernel, later. */
const quietMs = 10_000;

/** What is known of a connection beside what the driver says. */
export interface LineState {
  isBroken: boolean;
  /** Notices of class 01000 since it was last looked at: a wait for the standbys may have been canceled. */
  warnings: number;
}

const states = new WeakMap<DriverClient, LineState>();

export function lineState(client: DriverClient): LineState {
  let state = states.get(client);
  if (state === undefined) {
    state = { isBroken: false, warnings: 0 };
    states.set(client, state);
    listen(client, state);
  }
  return state;
}

export async function openPool({ url, connections, name, clock }: PoolSettings): Promise<DriverPool> {
  const pg = await loadDriver();
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: name,
    connectionTimeoutMillis: connectMs,
    stream: () => createCaller(clock),
    keepAlive: true,
    keepAliveInitialDelayMillis: quietMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    allowExitOnIdle: true,
  });
  // An idle connection that breaks is not put back, and is no more than that.
  pool.on('error', () => {});
  pool.on('connect', (client) => void lineState(client));
  return pool;
}

interface Driver {
  readonly Pool: new (settings: Readonly<Record<string, unknown>>) => DriverPool;
}

async function loadDriver(): Promise<Driver> {
  try {
    // Not spelled as a literal: whoever has no database compiles without pg and its types.
    const name: string = 'pg';
    const module = (await import(name)) as Driver & { readonly default?: Driver };
    return module.default ?? module;
  } catch (error) {
    throw sqlError('HALE_SDK_SQL_PG_MISSING', 'a database needs the library pg, which is not installed', error);
  }
}

/** A socket that gives up when nobody takes its call. The driver dials right after it has asked for one. */
function createCaller(clock: Clock): Socket {
  const socket = new Socket();
  const late = clock.after(dialMs, () => {
    const error = new Error(`nobody took the call within ${dialMs} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });
  for (const event of ['connect', 'close']) socket.once(event, () => late.cancel());
  return socket;
}

/** Without a listener a connection that breaks between two statements would end the process. */
function listen(client: DriverClient, state: LineState): void {
  const broken = () => {
    state.isBroken = true;
  };
  client.on('error', broken);
  client.on('end', broken);
  client.on('notice', ({ code }) => {
    if (code === '01000') state.warnings++;
  });
}
