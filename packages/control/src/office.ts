// Taking office: the lease, then the book, then an epoch that neither has ever given. Only reads; what is done with the term is
// control.ts's, or a simulator's.
import type { SystemView } from '@hale/model';
import type { Journal, Lease } from '@hale/ports';
import type { Brain, SystemIdentity } from './brain.ts';
import type { Log } from './log.ts';
import { restore } from './loop/restore.ts';

export interface Term<State> {
  readonly epoch: number;
  readonly state: State;
  readonly seq: number;
  /** What was known when the term began. */
  readonly view: SystemView;
}

export interface Candidate<State> {
  readonly brain: Brain<State>;
  readonly journal: Journal;
  readonly lease: Lease;
  /** Who we are in the lease; see ownHolder. */
  readonly holder: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** Takes the lease and reads the book. An epoch that the book has seen is never given again, even when the lease's file was lost. */
export function takeOffice<State>(candidate: Candidate<State>, identity: SystemIdentity): Term<State> {
  const { brain, journal, lease, holder, log } = candidate;
  const first = lease.acquire(holder);
  const { state, seq, from, replayed } = restore(brain, journal);
  if (from === 'unreadable-snapshot') {
    log.warn('the snapshot is of another build and cannot be read: the world is observed anew');
  }
  const view = brain.viewOf(state, identity);
  const epoch = first > view.epoch ? first : lease.acquire(holder, view.epoch);
  log.info('leading', { epoch, from, replayed, seq });
  return { epoch, state, seq, view };
}
