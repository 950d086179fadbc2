// The steward of one database's backups: follows its log into the store, takes a copy when the diary says so, cleans up, restores the
// newest one to see whether it holds, and says how all that stands. What fails is said and tried again; it ends only when told to. All
// that it must not forget lies in the store and in the spool, so whoever comes after a kill goes on where it was.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, isHaleError, type Rng, type Timer } from '@hale/base';
import { type BackupObservation, backedUpOf, type ProofObservation, type SystemSpec } from '@hale/model';
import { takeBackup } from '../base-backup.ts';
import { type Proof, readCatalogue } from '../catalogue.ts';
import { findEngine } from '../engine.ts';
import { prove } from '../proof.ts';
import { prune } from '../prune.ts';
import { openStrongbox, type Strongbox } from '../strongbox.ts';
import { verify } from '../verify.ts';
import { type Known, nextTask, noTries, type Plan, type Task } from './agenda.ts';
import { LogLane } from './log-lane.ts';
import { whileOccupied } from './occupancy.ts';
import type { HousePacker } from './packer.ts';
import { openScratch, sweepScratch } from './scratch.ts';
import { forgetSlot } from './slot.ts';
import type { Turn } from './turn.ts';
import { leadsOn } from './way-on.ts';

export interface LaneOptions {
  readonly system: SystemSpec;
  readonly database: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Never two heavy things at once. */
  readonly turn: Turn;
  readonly packer: HousePacker;
  /** For a person: a line of the process's log. */
  readonly say: (line: string) => void;
}

type Matter = 'open' | 'store' | 'backup' | 'house' | 'proof' | 'clean-up';

/** How often it looks whether something is due. */
const lookEveryMs = 1_000;
/** Somebody else is at it: asked again after this. */
const busyAgainMs = 2_000;
const errorLengthMax = 300;

export class BackupLane {
  /** Where a proof is restored to. */
  private readonly place: string;
  private scratch: string | undefined;
  private readonly options: LaneOptions;
  private readonly plan: Plan;
  private readonly since: number;
  private readonly errors = new Map<Matter, string>();
  private readonly wakers = new Set<() => void>();
  private known = false;
  private lastBackup: BackupObservation['lastBackup'];
  private lastProof: ProofObservation | undefined;
  private doing: BackupObservation['doing'];
  private tries = { backup: noTries, proof: noTries };
  private failedProofs = 0;
  /** From the last backup one does not come to where the database is: the log has a hole, or its line was left. */
  private isCutOff = false;
  /** The timeline on which that was looked at. */
  private walkedOn = 0;
  private lot: number;
  private log: LogLane | undefined;
  private stopping = false;

  constructor(options: LaneOptions) {
    this.options = options;
    this.place = join(tmpdir(), `hale-proofs-${options.system.id.slice(0, 8)}-${options.database}`);
    this.since = options.clock.wall();
    this.lot = options.rng.unit();
    const found = backedUpOf(options.system).find(({ resource }) => resource.name === options.database);
    if (found === undefined) throw new TypeError(`${options.database} has no backup in the declaration`);
    this.plan = found.backup;
  }

  /** Until it is stopped. */
  async run(): Promise<void> {
    const box = await this.open();
    if (box === undefined) return;
    const { clock, system, say } = this.options;
    if (box.spec.pitr) {
      this.log = new LogLane({ box, clock, root: system.root, say });
      this.log.start();
    } else await forgetSlot(box.url, clock);
    while (!this.stopping) await this.pause(await this.round(box));
  }

  /** Nothing new is begun. What is under way in the store is left as it is: half of a copy is none. `forget`: nobody comes after us. */
  async stop({ forget }: { readonly forget: boolean }): Promise<void> {
    this.stopping = true;
    for (const wake of [...this.wakers]) wake();
    await this.log?.stop({ forget });
    await this.tidy();
  }

  private async tidy(): Promise<void> {
    const { scratch } = this;
    this.scratch = undefined;
    if (scratch !== undefined) await sweepScratch(scratch);
  }

  observe(): BackupObservation {
    const { database } = this.options;
    const { everyMs, proveMs } = this.plan;
    const { since, known, lastBackup, lastProof, doing } = this;
    const lastError = [...this.errors].map(([matter, words]) => `${matter}: ${words}`).join('; ');
    const log = this.log?.observe();
    return { database, everyMs, proveMs, since, known, lastBackup, lastProof, log, doing, lastError };
  }

  private async open(): Promise<Strongbox | undefined> {
    const { system, database, env } = this.options;
    for (let waitMs = lookEveryMs; !this.stopping; waitMs = Math.min(waitMs * 2, 60_000)) {
      try {
        const box = await openStrongbox(system, database, env);
        // What a killed one left there.
        await sweepScratch(await openScratch(this.place));
        this.well('open');
        return box;
      } catch (error) {
        this.ill('open', error);
        await this.pause(waitMs);
      }
    }
    return undefined;
  }

  /** One look at the diary; gives how long nothing need be done. */
  private async round(box: Strongbox): Promise<number> {
    const { clock, turn, system, database } = this.options;
    try {
      if (!this.known) await this.look(box);
      await this.walk(box);
    } catch (error) {
      this.ill('store', error);
      return busyAgainMs;
    }
    const dueInMs = this.next().dueAt - clock.wall();
    if (dueInMs > 0) return Math.min(dueInMs, lookEveryMs);
    try {
      await turn(() =>
        whileOccupied({ root: system.root, database, errand: 'work' }, async () => {
          if (this.stopping) return;
          // Somebody may have done it by hand meanwhile.
          await this.look(box);
          const task = this.next();
          if (task.dueAt <= clock.wall()) await this.perform(task.kind, box);
        }),
      );
      return 0;
    } catch (error) {
      this.ill('store', error);
      return busyAgainMs;
    } finally {
      this.doing = undefined;
    }
  }

  private next(): Task {
    const { since, lastBackup, lastProof, failedProofs, tries, lot } = this;
    const hole = this.isCutOff || (this.log?.holeAt ?? 0) > (lastBackup?.at ?? 0);
    const known: Known = { since, lastBackup, lastProof, failedProofs, hole };
    return nextTask(this.plan, known, { tries, lot });
  }

  /** Once in each life and after each promotion: who found the hole, or brought the database back, may be there no more. */
  private async walk({ vault }: Strongbox): Promise<void> {
    const timeline = this.log?.completeOn() ?? 0;
    if (timeline === this.walkedOn) return;
    this.isCutOff = !(await leadsOn(vault, { timeline, clock: this.options.clock }));
    this.walkedOn = timeline;
  }

  /** What the store says is what counts. */
  private async look({ vault }: Strongbox): Promise<void> {
    const entries = await readCatalogue(vault).catch((error: unknown) => {
      if (isHaleError(error) && error.code === 'HALE_PLATFORM_BACKUP_NONE') return [];
      throw error;
    });
    const whole = entries.filter(({ damage }) => damage === '').toSorted((a, b) => a.endedAt - b.endedAt);
    const newest = whole.at(-1);
    if (newest?.id !== this.lastBackup?.id) this.isCutOff = false;
    this.lastBackup = newest && { id: newest.id, at: newest.endedAt };
    const proofs = entries.flatMap(({ proof }) => proof ?? []).toSorted((a, b) => a.at - b.at);
    const last = proofs.at(-1);
    this.lastProof = last && describeProof(last);
    this.known = true;
    this.well('store');
  }

  private async perform(kind: Task['kind'], box: Strongbox): Promise<void> {
    this.doing = kind;
    try {
      await (kind === 'backup' ? this.takeOne(box) : this.proveOne(box));
      this.tries = { ...this.tries, [kind]: noTries };
      this.well(kind);
    } catch (error) {
      const { failures } = this.tries[kind];
      this.tries = { ...this.tries, [kind]: { failures: failures + 1, endedAt: this.options.clock.wall() } };
      this.ill(kind, error);
    } finally {
      this.doing = undefined;
      this.lot = this.options.rng.unit();
    }
    if (kind !== 'backup' || this.errors.has('backup')) return;
    const { system, database, packer, clock } = this.options;
    await this.besides('house', 'backup', () => packer.take(system, database));
    await this.besides('clean-up', 'clean-up', async () => {
      const { vault, spec } = box;
      await prune({ vault, clock, retention: { keepMs: spec.keepMs, keepCountMin: 1 } });
      await packer.prune(system, database, spec.keepMs);
    });
  }

  private async takeOne({ vault, url }: Strongbox): Promise<void> {
    const { clock, say, database } = this.options;
    const { id, endedAt, bytes, newBytes } = await takeBackup({ url: url(), vault, clock });
    this.lastBackup = { id, at: endedAt };
    this.isCutOff = false;
    say(`${database}: backup ${id}, ${bytes} bytes, ${newBytes} of them new`);
  }

  private async proveOne({ vault, bin }: Strongbox): Promise<void> {
    const { clock, say, database } = this.options;
    const scratch = await openScratch(this.place);
    this.scratch = scratch;
    const engine = await findEngine(bin);
    // Only while it is needed, so that whoever is killed at any other time leaves nothing.
    const proof = await prove({ vault, clock, engine, scratch }).finally(() => this.tidy());
    this.lastProof = describeProof(proof);
    this.failedProofs = proof.ok ? 0 : this.failedProofs + 1;
    // What is found damaged is stored anew by the next backup.
    if (!proof.ok) await verify(vault, { clock, ids: [proof.backup] });
    say(`${database}: backup ${proof.backup} ${proof.ok ? 'is proven' : `is not proven: ${proof.problems[0]}`}`);
  }

  /** What goes with a backup, and does not make it a bad one when it fails. */
  private async besides(matter: Matter, doing: BackupObservation['doing'], work: () => Promise<void>): Promise<void> {
    this.doing = doing;
    try {
      await work();
      this.well(matter);
    } catch (error) {
      // Somebody reads or backs up there: nothing is wrong, and the next one cleans up.
      const { say, database } = this.options;
      if (matter === 'clean-up' && isHaleError(error) && error.code === 'HALE_PLATFORM_BACKUP_BUSY')
        say(`${database}: clean-up: not now: ${error.message}`);
      else this.ill(matter, error);
    } finally {
      this.doing = undefined;
    }
  }

  private well(matter: Matter): void {
    if (this.errors.delete(matter)) this.options.say(`${this.options.database}: ${matter}: well again`);
  }

  private ill(matter: Matter, error: unknown): void {
    const words = wordsOf(error);
    if (this.errors.get(matter) === words) return;
    this.errors.set(matter, words);
    this.options.say(`${this.options.database}: ${matter}: ${words}`);
  }

  private pause(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const done = () => {
        timer?.cancel();
        this.wakers.delete(done);
        resolve();
      };
      timer = this.options.clock.after(ms, done);
      this.wakers.add(done);
    });
  }
}

function describeProof({ backup, at, ok, problems, rtoMs }: Proof): ProofObservation {
  return { backup, at, ok, problem: (problems[0] ?? '').slice(0, errorLengthMax), rtoMs };
}

/** One line; the hint is for who types. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').slice(0, errorLengthMax);
}
