// A hostile scheduler: the postman and whoever plans a restore ask the store one request at a time, in any order. The postman is killed (what
// he had asked for may still happen), the database is promoted elsewhere or brought back to an earlier moment, and the planner must
// always find a way without a hole, never less than before, and nothing missing of what he says is complete.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { tries } from '@hale/base/testing';
import type { ObjectStore } from '@hale/ports';
import { backupId, createPaperVault, type PaperVault, segmentBytes } from './paper-vault.ts';
import { planRestore, type RestorePlan } from './restore-plan.ts';
import type { Spool, SpooledSegment } from './spool.ts';
import { nextPlace, type Place } from './timeline-step.ts';
import { openVault, type Vault } from './vault.ts';
import { formatLsn, formatSegment, type SegmentName } from './wal-name.ts';
import { type Claim, createUploader, reaches } from './wal-uploader.ts';

const size = BigInt(segmentBytes);
/** The backup brought along what is before it. */
const begin = 2n * size;

/** Every request waits here until the scheduler lets it through, or is lost with whoever asked. */
interface Request {
  readonly by: number;
  readonly go: () => Promise<void>;
}

function gated(store: ObjectStore, by: number, waiting: Request[]): ObjectStore {
  const gate =
    <A extends readonly unknown[], R>(ask: (...args: A) => Promise<R>) =>
    (...args: A) =>
      new Promise<R>((resolve, reject) => {
        waiting.push({ by, go: () => ask(...args).then(resolve, reject) });
      });
  return {
    ...store,
    get: gate(store.get),
    head: gate(store.head),
    list: gate((prefix, page) => store.list(prefix, { ...page, limit: 3 })),
    putIfAbsent: gate(store.putIfAbsent),
    delete: gate(store.delete),
  };
}

/** Who wrote the byte at `at`, seen from `timeline`: a line begins with a copy of what the older one had in that segment. */
interface Line {
  readonly timeline: number;
  readonly forks: readonly (readonly [timeline: number, until: bigint])[];
}

class World {
  readonly paper: PaperVault;
  line: Line = { timeline: 1, forks: [] };
  /** Where the database is, and what it said is committed on the line on which it lives. */
  at = begin;
  commits: { lsn: bigint; at: number }[] = [];
  readonly histories = new Map<number, Buffer>();
  readonly reels = new Map<string, { segment: SegmentName; bytes: number }>();
  place: Place = { timeline: 1, at: begin };
  received: { timeline: number; flushed: bigint } = { timeline: 0, flushed: 0n };

  constructor(paper: PaperVault) {
    this.paper = paper;
  }

  write(bytes: number, isCommit: boolean): void {
    this.at += BigInt(bytes);
    if (isCommit) this.commits.push({ lsn: this.at, at: this.paper.clock.wall() });
  }

  /** A new timeline from `from` on; what was committed behind it is undone, or never was acknowledged. */
  fork(from: bigint): void {
    const { timeline, forks } = this.line;
    // An ancestor that was left later than its descendant is now was left here.
    const older = forks.map(([one, until]) => [one, until < from ? until : from] as const);
    this.line = { timeline: timeline + 1, forks: [...older, [timeline, from]] };
    this.at = from;
    this.commits = this.commits.filter(({ lsn }) => lsn <= from);
  }

  history(): string {
    return this.line.forks.map(([timeline, until]) => `${timeline}\t${formatLsn(until)}\tx\n`).join('');
  }

  /** As the receiver does it: a few bytes more, on the timeline that comes next. */
  receive(bytes: number): void {
    const { timeline } = this.line;
    if (timeline > 1) this.histories.set(timeline, Buffer.from(this.history()));
    const { timeline: on, at } = nextPlace(this.place, timeline, this.history(), segmentBytes);
    const end = on === timeline ? this.at : (this.line.forks.find(([one]) => one === on)?.[1] ?? at);
    const to = at + BigInt(bytes) < end ? at + BigInt(bytes) : end;
    for (let place = at; place < to; ) {
      const number = place / size;
      const segment = { timeline: on, number };
      const until = to < (number + 1n) * size ? to : (number + 1n) * size;
      this.reels.set(formatSegment(segment, segmentBytes), { segment, bytes: Number(until - number * size) });
      place = until;
    }
    this.place = { timeline: on, at: to };
    this.received = { timeline: on, flushed: to };
  }

  /** What a former life left counts as well: it is on the disk. */
  spool(): Spool {
    const name = ({ segment }: SpooledSegment) => formatSegment(segment, segmentBytes);
    return {
      owner: { systemIdentifier: '7', segmentBytes },
      segments: () =>
        [...this.reels]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([, { segment, bytes }]) => ({ segment, bytes, whole: bytes === segmentBytes })),
      read: async (_: SpooledSegment, from: number, to: number) => Buffer.alloc(to - from),
      histories: () => [...this.histories].map(([timeline, text]) => ({ timeline, text })),
      forget: (spooled: SpooledSegment) => void this.reels.delete(name(spooled)),
    } as unknown as Spool;
  }

  /** Whether a restore by this plan holds the byte before `lsn` of the living line. */
  covers(plan: RestorePlan, lsn: bigint): boolean {
    const last = plan.segments.at(-1);
    const end = last === undefined ? 0n : last.segment.number * size + BigInt(last.filled);
    const left = this.line.forks.find(([timeline]) => timeline === plan.timeline)?.[1];
    return lsn <= end && (plan.timeline === this.line.timeline || (left !== undefined && lsn <= left));
  }
}

async function play(seed: number): Promise<{ plans: number; kills: number; forks: number }> {
  const rng = createRng(seed);
  const dice = (n: number) => Math.floor(rng.unit() * n);
  const paper = await createPaperVault();
  await paper.backUp({ id: backupId(1), endedAt: paper.clock.wall(), start: segmentBytes, stop: 2 * segmentBytes });
  await paper.log(1, [1], paper.clock.wall());
  const world = new World(paper);
  const waiting: Request[] = [];
  const count = { plans: 0, kills: 0, forks: 0 };
  let next = 1;
  let postman: { by: number; isBusy: boolean; round(claim: Claim | undefined): Promise<void> } | undefined;
  let planner = 0;
  let best = { timeline: 0, covered: 0n, until: 0 };
  const failures: Error[] = [];
  const vaultFor = (by: number): Vault => openVault(gated(paper.store, by, waiting), { packing: 'none' });

  const deliver = (): void => {
    if (postman === undefined) {
      const by = next++;
      postman = { by, isBusy: false, ...createUploader(vaultFor(by), world.spool()) };
    }
    if (postman.isBusy) return;
    const me = postman;
    me.isBusy = true;
    const claim = { timeline: world.line.timeline, flushed: world.at, at: paper.clock.wall() };
    const said = dice(4) > 0 && reaches(world.received, claim) ? claim : undefined;
    void me.round(said).then(
      () => {
        me.isBusy = false;
      },
      (error: Error) => failures.push(error),
    );
  };
  const kill = (): void => {
    if (postman === undefined) return;
    // What was on its way may arrive, late.
    for (const [index, { by }] of [...waiting.entries()].reverse())
      if (by === postman.by && dice(2) === 0) waiting.splice(index, 1);
    postman = undefined;
    count.kills++;
  };
  const plan = (): void => {
    if (planner > 0) return;
    planner = next++;
    const before = { ...best, line: world.line.timeline };
    const whatWas = [...world.commits];
    void planRestore(vaultFor(planner), { kind: 'latest' }, { major: 18, clock: paper.hurried })
      .then((found) => {
        count.plans++;
        // Brought back meanwhile: what was asked about is no more.
        if (before.line !== world.line.timeline) return;
        const missing = whatWas.find(({ lsn, at }) => at <= found.completeUntil && !world.covers(found, lsn));
        assert.equal(missing, undefined, `said to be complete until ${found.completeUntil}`);
        const covered = [...whatWas].reverse().find(({ lsn }) => world.covers(found, lsn))?.lsn ?? 0n;
        assert.ok(covered >= before.covered, `${covered} after ${before.covered}`);
        // Of another line less may be known: it was left behind what is asked about.
        if (before.timeline === found.timeline)
          assert.ok(found.completeUntil >= before.until, `until ${found.completeUntil} after ${before.until}`);
        best = { timeline: found.timeline, covered, until: found.completeUntil };
      })
      .catch((error: Error) => failures.push(error))
      .finally(() => {
        planner = 0;
      });
  };
  const steps: readonly (readonly [weight: number, step: () => void])[] = [
    [8, () => world.write(1 + dice(700), dice(2) === 0)],
    [8, () => world.receive(1 + dice(900))],
    [6, deliver],
    [1, kill],
    [4, plan],
    [
      dice(2) === 0 ? 0.3 : 0,
      () => {
        const acknowledged = world.commits.at(-1)?.lsn ?? begin;
        const lost = Math.max(0, Number(world.at - acknowledged));
        world.fork(
          dice(3) > 0 ? world.at - BigInt(dice(lost + 1)) : begin + BigInt(dice(Number(world.at - begin) + 1)),
        );
        const left = world.commits.at(-1)?.lsn ?? 0n;
        if (best.covered > left) best = { ...best, covered: left };
        world.write(8, false);
        count.forks++;
      },
    ],
  ];
  const total = steps.reduce((sum, [weight]) => sum + weight, 0);
  for (let turn = 0; turn < 600 && failures.length === 0; turn++) {
    paper.clock.advance(dice(1_500));
    if (waiting.length > 0 && dice(4) > 0) await waiting.splice(dice(waiting.length), 1)[0]?.go();
    else {
      let lot = rng.unit() * total;
      for (const [weight, step] of steps) {
        lot -= weight;
        if (lot >= 0) continue;
        step();
        break;
      }
    }
    await new Promise(setImmediate);
  }
  if (failures[0] !== undefined) throw failures[0];
  return count;
}

test('whatever the order, the way has no hole, never becomes shorter, and holds what it says', async () => {
  const first = Number(process.env['HALE_SEED'] ?? 1);
  const games = Number(process.env['HALE_SEEDS'] ?? tries(12, 300));
  const all = { plans: 0, kills: 0, forks: 0 };
  for (let seed = first; seed < first + games; seed++) {
    const count = await play(seed).catch((cause: unknown) => {
      throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
    });
    for (const key of ['plans', 'kills', 'forks'] as const) all[key] += count[key];
  }
  if (games > 1) for (const reached of Object.values(all)) assert.ok(reached > 10, JSON.stringify(all));
});
