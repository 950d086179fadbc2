// The simulated control room: a brain with its journal. It can be killed: then the state comes back from the last snapshot and the events
// after it, under a new epoch, and the referee of determinism compares the two.
import { canonicalJson } from '@hale/base';
import { type BrainState, initialState, restoreState, step } from '@hale/healer';
import type { Command, EventBody, HaleEvent } from '@hale/model';
import type { Agenda } from './agenda.ts';

const snapshotEvery = 500;

export interface Control {
  readonly state: BrainState;
  readonly alive: boolean;
  readonly steps: number;
  /** An event for the brain; lost while control is dead. */
  feed(event: EventBody): void;
  /** Dies as by SIGKILL. */
  kill(): void;
  /** Comes back under a new epoch. Gives why the replayed state differs from the lost one, if it does. */
  revive(seed: number): string | undefined;
  /** The machine's wall clock jumps (it slept). */
  jumpWall(ms: number): void;
}

export function createControl(
  agenda: Agenda,
  onStep: (event: HaleEvent, commands: readonly Command[]) => void,
): Control {
  let state = initialState('sim');
  let snapshot = JSON.stringify(state);
  let journal: HaleEvent[] = [];
  let alive = true;
  let epoch = 0;
  let steps = 0;
  let wallOffset = 1_700_000_000_000;
  const control: Control = {
    get state() {
      return state;
    },
    get alive() {
      return alive;
    },
    get steps() {
      return steps;
    },
    feed(body) {
      if (!alive) return;
      const at = { wall: wallOffset + agenda.now, mono: agenda.now, bootId: 'sim' };
      const event: HaleEvent = { at, ...body };
      journal.push(event);
      const result = step(state, event);
      state = result.state;
      steps++;
      if (journal.length >= snapshotEvery) {
        snapshot = JSON.stringify(state);
        journal = [];
      }
      onStep(event, result.commands);
    },
    kill() {
      alive = false;
    },
    revive(seed) {
      let restored = restoreState(snapshot);
      if (restored === undefined) return 'the snapshot cannot be read';
      for (const event of journal) restored = step(restored, event).state;
      const same = canonicalJson(restored) === canonicalJson(state);
      state = restored;
      alive = true;
      epoch++;
      control.feed({ kind: 'LeaderElected', epoch: epoch + 1, seed });
      return same ? undefined : 'replaying the journal gave another state';
    },
    jumpWall(ms) {
      wallOffset += ms;
    },
  };
  return control;
}
