// The duty officer without a counter: takes office, declares, follows orders, hands over; on a clock turned by hand.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import type { SystemSpec } from '@hale/model';
import { buildObservation, buildService, buildSystem } from '@hale/model/testing';
import { createMemoryJournal, createMemoryLease, type MemoryLeaseRow } from '@hale/ports/testing';
import { type Control, type ControlOptions, startControl } from './control.ts';
import { createLog } from './log.ts';
import { openReleases } from './releases.ts';
import { createSecretMask } from './secret-mask.ts';
import { createFakePlatform, type ToyState, toyBrain } from './testing.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function openBench(over: { needsRelief?: (spec: SystemSpec) => boolean } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'hale-office-'));
  folders.push(folder);
  mkdirSync(join(folder, 'releases'));
  const clock = createVirtualClock();
  const platform = createFakePlatform();
  const row: MemoryLeaseRow = { epoch: 0, holder: undefined, isAlive: () => false };
  const journal = createMemoryJournal();
  const mask = createSecretMask();
  const lines: string[] = [];
  const fatal: unknown[] = [];
  const relief: string[] = [];
  const declare = (release: number, replicas: number) => {
    const spec = buildSystem({ services: [buildService({ replicas })], gateway: undefined });
    writeFileSync(join(folder, `releases/${release}.json`), JSON.stringify(spec));
  };
  const options = (): ControlOptions<ToyState> => ({
    systemId: 'id',
    brain: toyBrain,
    openPlatform: () => platform,
    journal,
    lease: createMemoryLease(row),
    holder: 'me',
    releases: openReleases(join(folder, 'releases')),
    clock,
    bootId: 'boot',
    mask,
    secretsOf: () => ['hunter2-value'],
    api: undefined,
    log: createLog(mask, (line) => lines.push(line)),
    needsRelief: over.needsRelief ?? (() => false),
    onRelief: () => relief.push('relief'),
    onFatal: (error) => fatal.push(error),
  });
  /** Turns the clock until `work` is done. */
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    finished.catch(() => {});
    for (let turns = 0; !done && turns < 1000; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10);
    }
    return finished;
  };
  const settle = () => run(new Promise<void>((resolve) => void clock.after(100, resolve)));
  const start = (): Promise<Control> => run(startControl(options()));
  return { folder, clock, platform, journal, row, lines, fatal, relief, declare, start, run, settle };
}

describe('control', () => {
  it('declares the newest release and has it running', async () => {
    const bench = openBench();
    bench.declare(1, 1);
    bench.declare(2, 3);
    const control = await bench.start();
    await bench.settle();
    assert.deepEqual([control.epoch, bench.platform.running.size], [1, 3]);
    assert.deepEqual(new Set(bench.platform.declared), new Set([2]));
  });

  it('waits, when nothing was ever declared, for the first', async () => {
    const bench = openBench();
    const control = await bench.start();
    await bench.settle();
    assert.equal(bench.platform.running.size, 0);
    bench.declare(1, 2);
    await bench.run(control.declare(1));
    bench.platform.reportAll();
    await bench.settle();
    assert.equal(bench.platform.running.size, 2);
  });

  it('a release that is not there, or older than the one in force, is refused', async () => {
    const bench = openBench();
    bench.declare(1, 1);
    bench.declare(2, 1);
    const control = await bench.start();
    await bench.settle();
    await assert.rejects(bench.run(control.declare(7)), /no release 7/);
    await assert.rejects(bench.run(control.declare(1)), /1 is older/);
  });

  it('a newest release that the hands refuse does not keep the one in force from being led', async () => {
    const bench = openBench();
    bench.declare(1, 2);
    const first = await bench.start();
    await bench.settle();
    await bench.run(first.stop());
    bench.declare(2, 5);
    const { declare } = bench.platform;
    Object.assign(bench.platform, {
      declare: (spec: SystemSpec, release: number) =>
        release === 2 ? Promise.reject(new Error('its port is taken')) : declare(spec, release),
    });
    const second = await bench.start();
    await bench.settle();
    assert.ok(second.epoch > first.epoch);
    assert.equal(bench.platform.running.size, 2);
    assert.ok(bench.lines.some((line) => line.includes('release 2 cannot be followed')));
  });

  it('asks for relief where its successor would lead the release better, and does not begin it', async () => {
    const bench = openBench({ needsRelief: () => true });
    bench.declare(1, 1);
    const control = await bench.start();
    bench.declare(2, 5);
    await bench.run(control.declare(2));
    await bench.settle();
    assert.deepEqual([bench.relief, bench.platform.running.size], [['relief'], 1]);
  });

  it('INV-08: hands over without touching a workload; the successor repeats nothing and leads in a higher epoch', async () => {
    const bench = openBench();
    bench.declare(1, 2);
    const first = await bench.start();
    await bench.settle();
    await bench.run(first.stop());
    assert.ok(bench.platform.released && bench.row.holder === undefined);
    const done = bench.platform.executed.length;
    const second = await bench.start();
    await bench.settle();
    assert.ok(second.epoch > first.epoch);
    assert.equal(bench.platform.executed.length, done);
    await assert.rejects(bench.run(first.order({ kind: 'shutdown' }, 'test')), /handing over/);
  });

  it('an epoch that the journal has seen is not given again when the lease was lost', async () => {
    const bench = openBench();
    bench.declare(1, 1);
    for (let term = 0; term < 3; term++) await bench.run((await bench.start()).stop());
    bench.row.epoch = 0;
    assert.equal((await bench.start()).epoch, 4);
  });

  it('on a full disk it waits to take office, and then does', async () => {
    const bench = openBench();
    bench.declare(1, 1);
    bench.journal.setFull(true);
    bench.clock.after(3000, () => bench.journal.setFull(false));
    await bench.start();
    await bench.settle();
    assert.equal(bench.platform.running.size, 1);
    assert.ok(bench.lines.some((line) => line.includes('HALE_CONTROL_JOURNAL_FULL')));
  });

  it('INV-12: a secret in a dying word never reaches the journal', async () => {
    const bench = openBench();
    bench.declare(1, 1);
    await bench.start();
    await bench.settle();
    const seen = buildObservation().replicas.map((one) => ({ ...one, lastWords: 'login hunter2-value failed' }));
    bench.platform.report(buildObservation(seen));
    await bench.settle();
    const book = JSON.stringify(bench.journal.read(0, 1000));
    assert.ok(book.includes('login [secret] failed') && !book.includes('hunter2'));
  });
});
