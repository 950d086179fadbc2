// The simulated control room: the real ring (letter box, brain, book, foreman, alarm, pulse: @hale/control/ring) on virtual time. It takes
// office, declares and hands over as control/src/control.ts does; it can be killed at any moment, also with the ink of a step still wet, kept
// busy, robbed of its lease or of its disk. Each time it comes back, what the book gives is compared with what was lost.
import { canonicalJson } from '@hale/base';
import { type Inbox, takeOffice } from '@hale/control/ring';
import type { BrainState } from '@hale/healer';
import type { Command, EventBody, HaleEvent, Observation, UnitSpec } from '@hale/model';
import type { JournalRecord } from '@hale/ports';
import type { Agenda } from './agenda.ts';
import type { Answers } from './answers.ts';
import { beginLife, brain, type Ending, hear, Killed, type Life } from './control-life.ts';
import { createSimulatedJournal } from './journal.ts';
import { createSimulatedLease } from './lease.ts';

export interface ControlOptions {
  readonly agenda: Agenda;
  /** Changes what the brain commands before it is written down: only canaries do that. */
  readonly meddle: (commands: readonly Command[], event: HaleEvent) => readonly Command[];
  /** A step stands in the book; nothing of it is done yet. `mayLead`: whether its author still held the lease. */
  readonly onWritten: (event: HaleEvent, commands: readonly Command[], mayLead: boolean) => void;
  readonly execute: (command: Command) => void;
  /** Begins to report, with everything at once. */
  readonly observe: (sink: (observation: Observation) => void) => void;
  /** An observation is put into the letter box. */
  readonly onTold: (observation: Observation) => void;
  /** This life is over. */
  readonly onEnded: (how: Ending) => void;
  /** Something befell the ring, for the tally. */
  readonly onRing: (what: string) => void;
  readonly newInbox?: (() => Inbox) | undefined;
  /** It acts without its lease: only canaries do that. */
  readonly isLawless?: boolean | undefined;
}

export interface Release {
  readonly release: number;
  readonly units: readonly UnitSpec[];
}

export interface Control {
  readonly state: BrainState;
  readonly alive: boolean;
  readonly steps: number;
  /** Takes office. Gives why the restored state differs from the lost one, if it does. */
  start(seed: number): string | undefined;
  /** As a person does through the API, who tries again until it is taken in. */
  order(event: EventBody): void;
  /** What is in force from now on; insisted upon, by the next life if need be. */
  declare(latest: Release): void;
  /** How a command ended. */
  readonly answer: Answers['give'];
  /** Dies as by SIGKILL: now, or with its next step in the book and none of it done. */
  kill(): void;
  killWriting(): void;
  /** Nothing was written down in time: it dies all the same. */
  readonly killIfDying: () => void;
  /** Hands over in an orderly way. */
  handOver(): void;
  /** Its thread is busy for so long; `deaf`: it does not take in what it is told either. */
  occupy(ms: number, deaf: boolean): void;
  setDiskFull(full: boolean): void;
  loseLease(): void;
  /** The machine's wall clock jumps (it slept). */
  jumpWall(ms: number): void;
}

const identity = { system: 'sim', id: 'sim', zones: [] };
const silent = { info: () => {}, warn: () => {} };
const insistMs = 1_000;

export function createControl(options: ControlOptions): Control {
  const { agenda } = options;
  const lease = createSimulatedLease();
  const unanswered = new Set<EventBody>();
  let latest: Release = { release: 0, units: [] };
  let declared = 0;
  let written = brain.initialState();
  let thought = written;
  let life: Life | undefined;
  let dying = false;
  let steps = 0;
  let wallOffset = 1_700_000_000_000;

  const meddled: typeof brain = {
    ...brain,
    step(state, event) {
      const next = brain.step(state, event);
      thought = next.state;
      return { state: next.state, commands: options.meddle(next.commands, event) };
    },
  };
  const journal = createSimulatedJournal(
    (records) => {
      written = thought;
      steps++;
      const { event, commands } = readStep(records);
      // The story stands in the book; what was to be done is not done.
      options.onWritten(event, dying ? commands.filter((one) => one.kind === 'Tell') : commands, lease.isHeld());
      if (dying) throw new Killed();
    },
    () => options.onRing('disk full'),
  );
  const endLife = (how: Ending) => {
    if (life === undefined) return;
    life.clock.stop();
    life = undefined;
    dying = false;
    for (const event of unanswered) askAgain(event);
    unanswered.clear();
    options.onRing(how);
    options.onEnded(how);
  };
  const insist = (own: Life, event: EventBody, done: () => void) => {
    own.loop.offer(event, (error) => {
      if (error === undefined) done();
      else own.clock.after(insistMs, () => insist(own, event, done));
    });
  };
  const announce = (own: Life, done: () => void) => {
    const next = latest;
    if (next.release <= declared) return done();
    insist(own, { kind: 'SystemDeclared', ...next }, () => {
      declared = Math.max(declared, next.release);
      announce(own, done);
    });
  };
  const order = (event: EventBody) => {
    if (life === undefined) return askAgain(event);
    unanswered.add(event);
    life.loop.offer(event, (error) => {
      unanswered.delete(event);
      if (error !== undefined && !(error instanceof Killed)) askAgain(event);
    });
  };
  const askAgain = (event: EventBody) => agenda.after(insistMs, () => order(event));
  return {
    get state() {
      return written;
    },
    get alive() {
      return life !== undefined;
    },
    get steps() {
      return steps;
    },
    start(seed) {
      const term = takeOffice({ brain, journal, lease, holder: 'sim', log: silent }, identity);
      const isSame = areEqual(term.state, written);
      written = term.state;
      declared = term.view.release;
      const own = beginLife({
        ...options,
        term,
        brain: meddled,
        journal,
        mayLead: () => lease.isHeld() || options.isLawless === true,
        wallOffset: () => wallOffset,
        end: endLife,
        onMelted: () => options.onRing('words melted'),
      });
      life = own;
      insist(own, { kind: 'LeaderElected', epoch: term.epoch, seed }, () => announce(own, () => own.loop.start()));
      return isSame ? undefined : 'what the book gives is another state than the one that was lost';
    },
    order,
    declare(next) {
      latest = next;
      if (life !== undefined) announce(life, () => {});
    },
    answer(id, result) {
      const own = life;
      if (own !== undefined) hear(own, agenda.now, () => own.answers.give(id, result));
    },
    kill: () => endLife('killed'),
    killWriting() {
      dying = true;
    },
    killIfDying() {
      if (dying) endLife('killed');
    },
    handOver() {
      const own = life;
      own?.loop.close(() => {
        if (life !== own) return;
        lease.release();
        endLife('relieved');
      });
    },
    occupy(ms, deaf) {
      if (life === undefined) return;
      life.clock.occupy(ms);
      if (deaf) life.deafUntil = Math.max(life.deafUntil, agenda.now + ms);
    },
    setDiskFull: (full) => journal.setFull(full),
    loseLease: () => lease.steal(),
    jumpWall(ms) {
      wallOffset += ms;
    },
  };
}

/** One step as it stands in the book: the event first, then what was commanded. */
function readStep(records: readonly JournalRecord[]): { event: HaleEvent; commands: readonly Command[] } {
  const [first] = records;
  if (first?.kind !== 'event') throw new Error('a step without its event');
  return { event: first.event, commands: records.flatMap((one) => (one.kind === 'command' ? [one.command] : [])) };
}

/** Mostly the keys stand in the same order, and the quick way says it. */
function areEqual(one: BrainState, other: BrainState): boolean {
  return JSON.stringify(one) === JSON.stringify(other) || canonicalJson(one) === canonicalJson(other);
}
