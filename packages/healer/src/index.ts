// The brain's door. Pure: step(state, event) gives a new state and commands; who calls it keeps the journal and does what is
// commanded. Read step.ts first, then decide.ts.
export { limits } from './limits.ts';
export { type BrainState, initialState, restoreState, stateVersion } from './state.ts';
export { type Step, step } from './step.ts';
export { type SystemIdentity, viewOf } from './view.ts';
