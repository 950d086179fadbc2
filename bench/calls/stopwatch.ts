// How a call's cost is measured: CPU of this process (user and system, collector and compiler included) and heap per call, in rounds that go
// through all contestants in turn, so that a noisy neighbour falls on all alike; medians are told. One turn of the event loop
// every 200 calls, as in a server, so timers and finalisers run.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Contestant {
  readonly name: string;
  call(): unknown;
}

export interface Cost {
  readonly cpuNs: number;
  readonly bytes: number;
}

const perTurn = 200;

setFlagsFromString('--expose-gc');
/** The collector, at once and wholly. */
export const collect = runInNewContext('gc') as () => void;

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** CPU per call in ns over `calls` calls, one after the other. */
export async function cpuOf(call: () => unknown, calls: number): Promise<number> {
  let micros = 0;
  for (let done = 0; done < calls; done += perTurn) {
    const before = process.cpuUsage();
    for (let i = 0; i < perTurn; i++) await call();
    const { user, system } = process.cpuUsage(before);
    micros += user + system;
    await turn();
  }
  return (micros * 1000) / calls;
}

/** Medians of each contestant over `rounds` rounds of `calls` calls. */
export async function costs(
  contestants: readonly Contestant[],
  { rounds, calls }: { readonly rounds: number; readonly calls: number },
): Promise<ReadonlyMap<string, Cost>> {
  const seen = new Map(contestants.map(({ name }) => [name, { cpuNs: [] as number[], bytes: [] as number[] }]));
  for (const { call } of contestants) await cpuOf(call, calls);
  for (let round = 0; round < rounds; round++) {
    for (const { name, call } of contestants) {
      collect();
      await turn();
      seen.get(name)!.cpuNs.push(await cpuOf(call, calls));
      seen.get(name)!.bytes.push(await bytesOf(call));
    }
  }
  return new Map([...seen].map(([name, { cpuNs, bytes }]) => [name, { cpuNs: median(cpuNs), bytes: median(bytes) }]));
}

async function bytesOf(call: () => unknown): Promise<number> {
  collect();
  await turn();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1000; i++) await call();
  return (process.memoryUsage().heapUsed - before) / 1000;
}
