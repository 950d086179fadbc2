// The peers, set up as their own pages say for the same job: retry, breaker, bulkhead (or capacity), timeout. Opossum has no retry and moleculer
// is a whole framework: they stand here with what they have.
import { createRequire } from 'node:module';
import { policy } from '@hale/resilience';
import * as cockatiel from 'cockatiel';
import { ServiceBroker } from 'moleculer';
import type { Contestant } from './stopwatch.ts';

/** Opossum has no types of its own; this is what the benches touch. */
export interface OpossumBreaker {
  fire(...args: unknown[]): Promise<unknown>;
  shutdown(): void;
  on(event: 'open', listener: () => void): unknown;
  readonly opened: boolean;
  readonly status: { increment(property: string, latencyMs?: number): void };
}
export const Opossum = createRequire(import.meta.url)('opossum') as new (
  action: (...args: never[]) => unknown,
  options: Record<string, unknown>,
) => OpossumBreaker;

export const answer = async (): Promise<number> => 1;
export const fail = async (): Promise<never> => {
  throw new Error('broken');
};

export const composed = () =>
  policy({ name: 'bench', timeoutMs: 1000, retry: {}, breaker: {}, bulkhead: { concurrentMax: 100, queueMax: 100 } });

const { handleAll } = cockatiel;
export const cockatielBreaker = () =>
  cockatiel.circuitBreaker(handleAll, {
    halfOpenAfter: 10_000,
    breaker: new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
  });
const cockatielComposed = () =>
  cockatiel.wrap(
    cockatiel.retry(handleAll, { maxAttempts: 3, backoff: new cockatiel.ExponentialBackoff() }),
    cockatielBreaker(),
    cockatiel.bulkhead(100, 100),
    cockatiel.timeout(1000, cockatiel.TimeoutStrategy.Cooperative),
  );

/** A broker with one action that answers 1 and everything on. */
async function startMoleculer(): Promise<ServiceBroker> {
  const broker = new ServiceBroker({
    logger: false,
    requestTimeout: 1000,
    retryPolicy: { enabled: true, retries: 3 },
    circuitBreaker: { enabled: true },
    bulkhead: { enabled: true, concurrency: 100 },
  });
  broker.createService({ name: 'bench', actions: { answer: () => 1 } });
  await broker.start();
  return broker;
}

/** All that answer, and the way to send them home. */
export async function answering(): Promise<{ contestants: readonly Contestant[]; stop(): Promise<void> }> {
  const ours = composed();
  const theirs = cockatielComposed();
  const opossum = new Opossum(answer, { capacity: 100 });
  const broker = await startMoleculer();
  const contestants: readonly Contestant[] = [
    { name: 'bare', call: answer },
    { name: 'hale', call: () => ours.execute(answer) },
    {
      name: 'hale, signal read',
      call: () =>
        ours.execute(async ({ signal }) => {
          signal.throwIfAborted();
          return 1;
        }),
    },
    { name: 'cockatiel 4', call: () => theirs.execute(answer) },
    { name: 'opossum 10', call: () => opossum.fire() },
    { name: 'moleculer 0.15', call: () => broker.call('bench.answer') },
  ];
  return {
    contestants,
    async stop() {
      opossum.shutdown();
      await broker.stop();
    },
  };
}
