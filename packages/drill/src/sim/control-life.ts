// One life of the simulated control room: the real ring with a clock, a brain and hands of its own, from taking office to its death. What
// its hands still owe when it dies is never heard of again: who comes next must ask the world.
import { isHaleError } from '@hale/base';
import {
  ageObservation,
  type Brain,
  createInbox,
  createLoop,
  type Inbox,
  type Loop,
  type Term,
} from '@hale/control/ring';
import { type BrainState, initialState, restoreState, step, viewOf } from '@hale/healer';
import type { Command, Observation } from '@hale/model';
import type { Journal } from '@hale/ports';
import type { Agenda } from './agenda.ts';
import { type Answers, createAnswers } from './answers.ts';
import { createProcessClock, type ProcessClock } from './process-clock.ts';

export interface Life {
  readonly clock: ProcessClock;
  readonly loop: Loop<BrainState>;
  readonly answers: Answers;
  /** Until then it takes in nothing that it is told. */
  deafUntil: number;
  /** What it was told meanwhile. */
  readonly unheard: (() => void)[];
}

export const brain: Brain<BrainState> = { initialState: () => initialState('sim'), step, viewOf, restoreState };

/** How a life ended. */
export type Ending = 'killed' | 'killed writing' | 'relieved' | 'robbed of its lease';

/** Thrown where the process is killed. */
export class Killed extends Error {}

export interface LifeOptions {
  readonly agenda: Agenda;
  readonly brain: Brain<BrainState>;
  readonly term: Term<BrainState>;
  readonly journal: Journal;
  readonly mayLead: () => boolean;
  readonly wallOffset: () => number;
  readonly execute: (command: Command) => void;
  readonly observe: (sink: (observation: Observation) => void) => void;
  readonly onTold: (observation: Observation) => void;
  readonly onMelted: () => void;
  readonly newInbox?: (() => Inbox) | undefined;
  readonly end: (how: Ending) => void;
}

export function beginLife(options: LifeOptions): Life {
  const { agenda, term } = options;
  const clock = createProcessClock(agenda, options.wallOffset);
  const answers = createAnswers();
  const observe = (sink: (observation: Observation) => void) => {
    let isOpen = true;
    const tell = (observation: Observation) => {
      if (!isOpen) return;
      options.onTold(observation);
      sink(observation);
    };
    options.observe((observation) => {
      const cameAt = agenda.now;
      // The real hands say for how long they have known it at the moment in which they tell it.
      hear(life, cameAt, () => tell(ageObservation(observation, agenda.now - cameAt)));
    });
    return () => {
      isOpen = false;
    };
  };
  const execute = (command: Command) => {
    const answer = answers.expect(command);
    options.execute(command);
    return answer;
  };
  const loop = createLoop({
    brain: options.brain,
    journal: options.journal,
    platform: { observe, execute },
    clock,
    bootId: 'sim',
    state: term.state,
    seq: term.seq,
    clean: (event) => event,
    mayLead: options.mayLead,
    onStep: () => {},
    onPage: () => {},
    onTrouble: (error) => expect(error, 'HALE_CONTROL_JOURNAL_FULL'),
    onFatal(error) {
      if (!(error instanceof Killed)) expect(error, 'HALE_CONTROL_LEASE_LOST');
      options.end(error instanceof Killed ? 'killed writing' : 'robbed of its lease');
    },
    inbox: watchMelting(options.newInbox?.() ?? createInbox(), options.onMelted),
  });
  const life: Life = { clock, loop, answers, deafUntil: 0, unheard: [] };
  return life;
}

/** Takes something in: at once, or when it hears again, each in its turn; never when it is dead by then. */
export function hear({ clock, deafUntil, unheard }: Life, now: number, act: () => void): void {
  if (now >= deafUntil && unheard.length === 0) act();
  else if (unheard.push(act) === 1) {
    clock.after(0, () => {
      for (const one of unheard.splice(0)) one();
    });
  }
}

function watchMelting(inbox: Inbox, onMelted: () => void): Inbox {
  return {
    ...inbox,
    get size() {
      return inbox.size;
    },
    put(letter) {
      const before = inbox.size;
      inbox.put(letter);
      if (inbox.size <= before) onMelted();
    },
  };
}

/** Whatever else goes wrong is a fault of Hale, and the game ends with it. */
function expect(error: unknown, code: string): void {
  if (!isHaleError(error) || error.code !== code) throw error;
}
