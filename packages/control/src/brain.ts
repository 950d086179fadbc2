// The plug that a brain must fit: @hale/healer's functions do, and so does a toy of ten lines in a test. `State` is plain
// JSON, so that a snapshot of it is its text.
import type { Command, HaleEvent, SystemView } from '@hale/model';

export interface Brain<State> {
  initialState(): State;
  /** Pure (INV-01). Never throws for what the world does. */
  step(state: State, event: HaleEvent): { readonly state: State; readonly commands: readonly Command[] };
  viewOf(state: State, system: SystemIdentity): SystemView;
  /** The state in a snapshot's text; undefined when it is of another build and cannot be read. */
  restoreState(json: string): State | undefined;
}

/** Who the system is; the brain learns it from whoever asks. */
export interface SystemIdentity {
  readonly system: string;
  readonly id: string;
  readonly zones: readonly string[];
}
