// The ring with a toy brain, a journal in memory, hands that pretend and a clock that is turned by hand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '@hale/base';
import { createVirtualClock, type VirtualClock } from '@hale/base/testing';
import type { Command } from '@hale/model';
import { buildObservation, buildUnit } from '@hale/model/testing';
import type { JournalEntry } from '@hale/ports';
import { createMemoryJournal, type MemoryJournal } from '@hale/ports/testing';
import type { Brain } from './brain.ts';
import { restore } from './loop/restore.ts';
import { createLoop, type Loop } from './loop.ts';
import { createFakePlatform, type FakePlatform, type ToyState, toyBrain } from './testing.ts';

interface Bench {
  readonly clock: VirtualClock;
  readonly journal: MemoryJournal;
  readonly platform: FakePlatform;
  readonly loop: Loop<ToyState>;
  readonly troubles: unknown[];
  readonly fatal: unknown[];
  /** Lets promises and timers of this moment run out. */
  settle(ms?: number): Promise<void>;
  /** Elects, declares `replicas` and starts. */
  lead(replicas: number): Promise<void>;
  setLeads(leads: boolean): void;
  /** The next `ms` pass without this process getting the CPU. */
  freeze(ms: number): void;
}

/** Gives one command of that kind at the first thing it sees. */
function ordering(kind: 'FenceStandby' | 'PromoteStandby' | 'FollowPrimary'): Brain<ToyState> {
  const life = { replica: 'db/1', incarnation: 'x', term: 2, primary: 'db/1', acknowledgers: [] };
  return {
    ...toyBrain,
    step(state, event) {
      if (event.kind !== 'Observed') return { state, commands: [] };
      const head = { id: 'planted', epoch: 1, at: event.at, deadlineMs: 1000, reason: 'planted', incident: undefined };
      return { state, commands: [{ ...head, ...life, kind } as unknown as Command] };
    },
  };
}

function openBench(journal = createMemoryJournal(), brain: Brain<ToyState> = toyBrain): Bench {
  const virtual = createVirtualClock();
  let frozenMs = 0;
  const clock: Clock = { ...virtual, mono: () => virtual.mono() + frozenMs };
  const platform = createFakePlatform();
  const troubles: unknown[] = [];
  const fatal: unknown[] = [];
  let leads = true;
  const { state, seq } = restore(toyBrain, journal);
  const loop = createLoop({
    brain,
    journal,
    platform,
    clock,
    bootId: 'boot',
    state,
    seq,
    clean: (event) => event,
    mayLead: () => leads,
    onStep: () => {},
    onPage: () => {},
    onTrouble: (error) => troubles.push(error),
    onFatal: (error) => fatal.push(error),
  });
  const settle = async (ms = 0) => {
    virtual.advance(ms);
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      virtual.advance(0);
    }
  };
  return {
    clock: virtual,
    journal,
    platform,
    loop,
    troubles,
    fatal,
    settle,
    async lead(replicas) {
      void loop.submit({ kind: 'LeaderElected', epoch: state.epoch + 1, seed: 7 });
      void loop.submit({ kind: 'SystemDeclared', release: 1, units: [buildUnit({ replicas })] });
      loop.start();
      await settle();
    },
    setLeads: (value) => {
      leads = value;
    },
    freeze: (ms) => {
      frozenMs += ms;
    },
  };
}

const names = (entries: readonly JournalEntry[]) =>
  entries.map(({ record }) => (record.kind === 'event' ? record.event.kind : `> ${record.command.kind}`));

describe('loop', () => {
  it('goes round: seen, decided, written, done, and the outcome is an event again', async () => {
    const bench = openBench();
    await bench.lead(1);
    assert.deepEqual(names(bench.journal.read(0, 100)), [
      'LeaderElected',
      'SystemDeclared',
      '> WakeUp',
      'Observed',
      '> Tell',
      '> StartReplica',
      'CommandFinished',
    ]);
    assert.deepEqual([...bench.platform.running], ['orders/0']);
  });

  it('INV-02: when an act begins, its command stands in the journal already, durably', async () => {
    const bench = openBench();
    const real = bench.platform.execute;
    let checked = 0;
    Object.assign(bench.platform, {
      execute(command: { id: string }) {
        const written = bench.journal
          .read(0, 1000)
          .some(({ record }) => record.kind === 'command' && record.command.id === command.id);
        assert.ok(written && bench.journal.durableAppends > 0);
        checked++;
        return real(command as never);
      },
    });
    await bench.lead(3);
    assert.equal(checked, 3);
  });

  it('what was only seen is not fsynced', async () => {
    const bench = openBench();
    await bench.lead(1);
    const before = bench.journal.durableAppends;
    bench.platform.reportAll();
    await bench.settle();
    assert.equal(bench.journal.durableAppends, before);
  });

  it('the brain is woken when it asked to be', async () => {
    const bench = openBench();
    await bench.lead(1);
    await bench.settle(999);
    assert.ok(!bench.loop.state.heard.includes('TimePassed'));
    await bench.settle(2);
    assert.equal(bench.loop.state.heard.filter((name) => name === 'TimePassed').length, 1);
  });

  it('a flood of observations melts, and the newest word stands', async () => {
    const bench = openBench();
    await bench.lead(1);
    const before = bench.journal.read(0, 10_000).length;
    for (let i = 0; i < 5000; i++) bench.platform.report(buildObservation([], { full: false }));
    bench.platform.reportAll();
    await bench.settle();
    assert.ok(bench.journal.read(0, 10_000).length - before <= 5);
    assert.deepEqual(bench.loop.state.running, ['orders/0']);
  });

  it('when control itself was held up, the brain hears that before what was seen', async () => {
    const bench = openBench();
    await bench.lead(1);
    bench.freeze(900);
    bench.platform.reportAll();
    await bench.settle();
    assert.deepEqual(bench.loop.state.heard.slice(-2), ['ObserverLagged', 'Observed']);
    await bench.settle(5000);
    assert.equal(bench.loop.state.heard.filter((name) => name === 'ObserverLagged').length, 1);
  });

  it('that it was held up is said before what had come in and waited for its turn', async () => {
    const bench = openBench();
    await bench.lead(1);
    const order = bench.loop.submit({ kind: 'OrderReceived', id: 'o', by: 'test', order: { kind: 'shutdown' } });
    bench.freeze(900);
    await bench.settle();
    await order;
    assert.deepEqual(bench.loop.state.heard.slice(-2), ['ObserverLagged', 'OrderReceived']);
  });

  it('a full disk stops the deeds, keeps what must not be lost, and goes on by itself', async () => {
    const bench = openBench();
    await bench.lead(1);
    bench.journal.setFull(true);
    bench.platform.kill('orders/0');
    await bench.settle();
    await bench.settle();
    assert.equal(bench.platform.executed.length, 1, 'nothing is done that cannot be written down');
    assert.equal(bench.troubles.length, 1, 'said once');
    assert.match(bench.loop.trouble ?? '', /the disk is full/, 'and shown');
    const late = bench.loop.submit({ kind: 'OrderReceived', id: 'o', by: 'test', order: { kind: 'shutdown' } });
    await assert.rejects(late, /the disk is full/);
    bench.journal.setFull(false);
    await bench.settle(1000);
    assert.deepEqual([...bench.platform.running], ['orders/0']);
    assert.equal(bench.loop.trouble, undefined);
    assert.deepEqual(bench.fatal, []);
  });

  it('after a full disk the brain hears first for how long what waits has waited', async () => {
    const bench = openBench();
    await bench.lead(1);
    bench.journal.setFull(true);
    bench.platform.reportAll();
    for (let i = 0; i < 4; i++) await bench.settle(1000);
    bench.platform.reportAll();
    bench.journal.setFull(false);
    await bench.settle(1000);
    const lags = bench.journal
      .read(0, 1000)
      .flatMap(({ record }) =>
        record.kind === 'event' && record.event.kind === 'ObserverLagged' ? [record.event] : [],
      );
    assert.deepEqual(
      lags.map((one) => one.lagMs >= 4_000),
      [true],
    );
    assert.deepEqual(bench.loop.state.heard.slice(-4), ['ObserverLagged', 'Observed', 'TimePassed', 'Observed']);
  });

  it('an order on a full disk is refused to whoever gave it', async () => {
    const bench = openBench();
    await bench.lead(1);
    bench.journal.setFull(true);
    const order = bench.loop.submit({ kind: 'OrderReceived', id: 'o', by: 'test', order: { kind: 'shutdown' } });
    const refused = assert.rejects(order, /the disk is full/);
    await bench.settle();
    await refused;
  });

  it('who lost the lease does nothing more', async () => {
    const bench = openBench();
    await bench.lead(1);
    bench.setLeads(false);
    bench.platform.kill('orders/0');
    await bench.settle();
    assert.match(String(bench.fatal[0]), /another control room leads/);
    assert.equal(bench.platform.executed.length, 1);
  });

  for (const kind of ['FenceStandby', 'PromoteStandby', 'FollowPrimary'] as const) {
    it(`who lost the lease gives no ${kind} either, and who has it writes that down durably first`, async () => {
      const [leading, deposed] = [true, false].map((leads) => {
        const bench = openBench(createMemoryJournal(), ordering(kind));
        bench.setLeads(leads);
        return bench;
      }) as [Bench, Bench];
      for (const bench of [leading, deposed]) {
        bench.loop.start();
        await bench.settle();
      }
      assert.deepEqual(
        [leading, deposed].map((bench) => [bench.platform.executed.length, bench.fatal.length]),
        [
          [1, 0],
          [0, 1],
        ],
      );
      // Once for the deed, once for its outcome: that something was seen is no reason.
      assert.equal(leading.journal.durableAppends, 2);
    });
  }

  it('what waits in the box at a hand-over on a full disk is refused, not forgotten', async () => {
    const bench = openBench();
    await bench.lead(1);
    bench.journal.setFull(true);
    const orders = ['a', 'b'].map((id) =>
      bench.loop.submit({ kind: 'OrderReceived', id, by: 'test', order: { kind: 'shutdown' } }),
    );
    const refused = Promise.allSettled(orders);
    void bench.loop.finish();
    assert.deepEqual(
      (await refused).map((one) => one.status === 'rejected' && String(one.reason.code)),
      ['HALE_CONTROL_JOURNAL_FULL', 'HALE_CONTROL_STOPPING'],
    );
  });

  it('INV-08: who comes back folds what was written and repeats no command', async () => {
    const first = openBench();
    await first.lead(2);
    const left = first.loop.state;
    const second = openBench(first.journal);
    assert.deepEqual(second.loop.state, left);
    assert.deepEqual(second.platform.executed, []);
  });

  it('a hand-over finishes, leaves a snapshot, and the next one needs no replay', async () => {
    const bench = openBench();
    await bench.lead(2);
    const finished = bench.loop.finish();
    await bench.settle();
    await finished;
    await assert.rejects(bench.loop.submit({ kind: 'TimePassed' }), /handing over/);
    const { replayed, from, state } = restore(toyBrain, bench.journal);
    assert.deepEqual([replayed, from, state.running], [0, 'snapshot', bench.loop.state.running]);
  });

  it('a snapshot is taken every 30 s while anything happens', async () => {
    const bench = openBench();
    await bench.lead(1);
    assert.equal(bench.journal.latestSnapshot(), undefined);
    await bench.settle(30_000);
    assert.ok(bench.journal.latestSnapshot() !== undefined);
  });

  it('run twice, it writes the same book', async () => {
    const run = async () => {
      const bench = openBench();
      await bench.lead(3);
      bench.platform.kill('orders/1');
      await bench.settle(2000);
      return JSON.stringify(bench.journal.read(0, 1000));
    };
    assert.equal(await run(), await run());
  });
});
