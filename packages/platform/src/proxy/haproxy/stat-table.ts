// Reads what HAProxy answers: the table of `show stat`, the chairs of `show servers state` and the lines of `show info`. A column that is not there,
// a number that is none or a row that is cut short is a fault of the answer and is said as one: a guess would be told on as a measurement.
import { platformError } from '../../errors.ts';

/** One server, backend or frontend of `show stat`. Counts since the program started. */
export interface StatRow {
  readonly proxy: string;
  readonly server: string;
  readonly requests: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Answers by the hundreds of their status: 1xx, 2xx, 3xx, 4xx, 5xx and others. */
  readonly answers: number;
  readonly errors5xx: number;
  readonly connectErrors: number;
  readonly responseErrors: number;
  readonly retries: number;
  readonly serverAborts: number;
  readonly clientAborts: number;
  /** Mean of the last 1,024 requests, to the last byte of the answer. */
  readonly meanMs: number;
}

export type AdminState = 'ready' | 'drain' | 'maint';

/** One chair of `show servers state`. */
export interface SeatRow {
  readonly backend: string;
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly admin: AdminState;
}

const rowsMax = 100_000;

function unreadable(what: string): Error {
  return platformError('HALE_PLATFORM_PROXY_FAILED', `HAProxy's answer cannot be read: ${what}`);
}

function count(text: string | undefined, what: string): number {
  if (text === undefined || text === '') return 0;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw unreadable(`${what} is ${JSON.stringify(text.slice(0, 40))}`);
  return value;
}

/** Rows of `show stat`. Throws HALE_PLATFORM_PROXY_FAILED on anything else. */
export function parseStat(text: string): StatRow[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const head = lines[0];
  if (!head?.startsWith('# ')) throw unreadable('no table of statistics');
  if (lines.length > rowsMax) throw unreadable('too many rows');
  const columns = new Map(
    head
      .slice(2)
      .split(',')
      .map((name, index) => [name, index]),
  );
  for (const name of ['pxname', 'svname', 'scur', 'stot', 'hrsp_5xx']) {
    if (!columns.has(name)) throw unreadable(`no column ${name}`);
  }
  return lines.slice(1).map((line) => {
    const cells = splitRow(line);
    if (cells.length < columns.size - 1) throw unreadable('a row is cut short');
    return statRow((name) => cells[columns.get(name) ?? -1]);
  });
}

function statRow(cell: (name: string) => string | undefined): StatRow {
  const number = (name: string) => count(cell(name), name);
  const hundreds = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other'];
  return {
    proxy: cell('pxname') ?? '',
    server: cell('svname') ?? '',
    // Of a frontend, requests are told apart from connections.
    requests: cell('svname') === 'FRONTEND' ? number('req_tot') : number('stot'),
    inFlight: number('scur'),
    queued: number('qcur'),
    answers: hundreds.reduce((sum, name) => sum + number(name), 0),
    errors5xx: number('hrsp_5xx'),
    connectErrors: number('econ'),
    responseErrors: number('eresp'),
    retries: number('wretr'),
    serverAborts: number('srv_abrt'),
    clientAborts: number('cli_abrt'),
    meanMs: number('ttime'),
  };
}

/** Commas inside double quotes belong to the cell (check descriptions have them). */
function splitRow(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map((match) => match[1]!.replace(/^"|"$/g, ''));
}

const drained = 0x08 | 0x10;
const inMaintenance = 0x01 | 0x02 | 0x04 | 0x20;

/** Chairs of `show servers state`. Throws HALE_PLATFORM_PROXY_FAILED on anything else. */
export function parseSeats(text: string): SeatRow[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines[0]?.trim() !== '1') throw unreadable('the state of its servers has another version');
  const head = lines[1];
  if (!head?.startsWith('# ')) throw unreadable('no table of servers');
  const columns = head.slice(2).trim().split(' ');
  const at = (name: string) => {
    const index = columns.indexOf(name);
    if (index < 0) throw unreadable(`no column ${name}`);
    return index;
  };
  const where = {
    backend: at('be_name'),
    server: at('srv_name'),
    address: at('srv_addr'),
    port: at('srv_port'),
    weight: at('srv_uweight'),
    admin: at('srv_admin_state'),
  };
  return lines.slice(2).map((line) => {
    const cells = line.trim().split(' ');
    if (cells.length < columns.length) throw unreadable('a row is cut short');
    const mask = count(cells[where.admin], 'srv_admin_state');
    return {
      backend: cells[where.backend]!,
      server: cells[where.server]!,
      address: cells[where.address]!,
      port: count(cells[where.port], 'srv_port'),
      weight: count(cells[where.weight], 'srv_uweight'),
      admin: mask & inMaintenance ? 'maint' : mask & drained ? 'drain' : 'ready',
    };
  });
}

/** A line of `show info`: 'Pid', 'Version', 'description'. */
export function infoLine(text: string, name: string): string | undefined {
  for (const line of text.split('\n')) {
    if (line.startsWith(`${name}: `)) return line.slice(name.length + 2).trim();
  }
  return undefined;
}
