// The doorkeeper's notebook: NGINX tells by UDP of each request that failed or was sent again and of every n-th of the others (with weight n), and
// here that becomes the gateway's tally. A datagram nobody hears is lost, so a dead pilot slows nothing and fills no disk; what is counted is an
// estimate where n > 1. NGINX does not say how long requests wait that it has not answered yet: `oldestWaitMs` and `inFlight` stay 0.
import { createSocket } from 'node:dgram';
import type { Clock } from '@hale/base';
import { createTotals, createUnitTally, type UnitTally, unitTraffic } from '../../gateway/stats.ts';
import type { ProxyService, ProxyTally } from '../proxy-program.ts';

export interface Witness {
  readonly port: number;
  /** Whom addresses belong to from now on; counts of those who left are kept a while for answers that still come. */
  know(services: readonly ProxyService[]): void;
  tally(): ProxyTally;
  /** Requests a second, of late. */
  ratePerS(): number;
  close(): void;
}

interface Door {
  readonly incarnation: string;
  requests: number;
  errors: number;
}

const doorsMax = 10_000;
const turnMs = 10_000;
const rateWindowMs = 1000;

/** Listens on a free UDP port of 127.0.0.1, the `wanted` one if it can be had. */
export async function createWitness(clock: Clock, wanted: number): Promise<Witness> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  const bind = (port: number) =>
    new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, '127.0.0.1', () => {
        socket.off('error', reject);
        resolve();
      });
    });
  await bind(wanted).catch(() => bind(0));
  // A datagram that cannot be read is one request less in an estimate.
  socket.on('error', () => {});
  const book = createBook(clock);
  socket.on('message', (bytes) => book.note(bytes.toString('latin1')));
  return { ...book, port: socket.address().port, close: () => socket.close() };
}

const line = /hale: (\d+) (\d+) ([\d.]+) hale_(\S+) \[(.*?)\] \[(.*?)\]$/;

/** The counting alone. */
export function createBook(clock: Clock): Omit<Witness, 'port' | 'close'> & { note(datagram: string): void } {
  const totals = createTotals();
  const units = new Map<string, UnitTally>();
  let doors = new Map<string, Door>();
  let turnedMs = clock.mono();
  let rate = { since: clock.mono(), from: 0, perS: 0 };

  const countTry = (address: string, status: string | undefined, weight: number) => {
    const door = doors.get(address);
    if (door === undefined) return;
    door.requests += weight;
    if (status !== undefined && /^5/.test(status)) door.errors += weight;
  };
  const lookAtRate = () => {
    const now = clock.mono();
    if (now - rate.since < rateWindowMs) return;
    rate = { since: now, from: totals.requests, perS: ((totals.requests - rate.from) * 1000) / (now - rate.since) };
  };
  return {
    know(services) {
      const next = new Map<string, Door>();
      for (const { members } of services)
        for (const { incarnation, address, port } of members) {
          const place = `${address}:${port}`;
          const known = doors.get(place);
          const isSame = known?.incarnation === incarnation;
          next.set(place, isSame ? known : { incarnation, requests: 0, errors: 0 });
        }
      for (const [place, door] of doors) if (!next.has(place) && next.size < doorsMax) next.set(place, door);
      doors = next;
    },
    note(datagram) {
      const [, weightText, status = '', seconds, service = '', addresses = '', statuses = ''] =
        line.exec(datagram) ?? [];
      if (weightText === undefined) return;
      const weight = Number(weightText);
      const unit = units.get(service) ?? createUnitTally();
      units.set(service, unit);
      totals.requests += weight;
      unit.requests += weight;
      unit.latency.add(Number(seconds) * 1000);
      if (status.startsWith('5')) {
        totals.failed += weight;
        unit.failed += weight;
      }
      const tries = addresses.split(', ');
      const ends = statuses.split(', ');
      totals.retried += (tries.length - 1) * weight;
      if (addresses.includes('unix:')) totals.held += weight;
      for (const [index, address] of tries.entries()) countTry(address, ends[index], weight);
      lookAtRate();
    },
    ratePerS() {
      lookAtRate();
      return rate.perS;
    },
    tally() {
      if (clock.mono() - turnedMs >= turnMs) {
        turnedMs = clock.mono();
        for (const unit of units.values()) unit.latency.turn();
      }
      const seen = [...doors.values()].map(({ incarnation, requests, errors }) => [
        incarnation,
        { requests, errors, inFlight: 0, oldestWaitMs: 0 },
      ]);
      return {
        totals: { ...totals },
        replicas: Object.fromEntries(seen),
        perUnit: Object.fromEntries([...units].map(([name, unit]) => [name, unitTraffic(unit)])),
      };
    },
  };
}
