// The ring's own door: the loop and what begins it, without journal files, counters and diaries. The simulator comes in here, so that
// its games turn the very ring that leads in earnest.
export type { Brain } from './brain.ts';
export { controlError } from './errors.ts';
export type { Doer } from './executor.ts';
export { ageObservation, createInbox, type Inbox, type Letter } from './loop/inbox.ts';
export { createLoop, type Loop, type LoopOptions } from './loop.ts';
export { type Candidate, type Term, takeOffice } from './office.ts';
