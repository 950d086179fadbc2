// The arithmetic of a failover, and nothing else: how many standbys must be fenced before one of them may become the primary,
// and which. Commits are acknowledged once any k of the standbys that joined have them on disk. If fewer than k of those are
// left unfenced, no commit can be acknowledged any more behind our back; and every commit that was, is on at least one of the
// fenced. The one whose log is longest has them all, because all of them copy one log. What earlier terms acknowledged was
// acknowledged by others: their logs are known to be whole in the primary that began the term, so whoever follows it counts for
// those only once its own log is past the point where that one began.
// Source: the read quorum of Gifford, Weighted voting for replicated data (1979); PostgreSQL's ANY k (...) is its write quorum.
import type { ReplicaId } from '@hale/model';

export interface Ballot {
  readonly replica: ReplicaId;
  /** Where its log ends, in bytes. */
  readonly logEnd: number;
}

/** How many of `joined` standbys must be fenced, when any `acknowledgers` of them acknowledge. At least one. */
export function fencesNeeded(joined: number, acknowledgers: number): number {
  return Math.max(1, joined - acknowledgers + 1);
}

/** The one with the longest log; of equals the first. Undefined when nobody is there. */
export function furthest<B extends Ballot>(ballots: readonly B[]): B | undefined {
  let best: B | undefined;
  for (const ballot of ballots) if (best === undefined || ballot.logEnd > best.logEnd) best = ballot;
  return best;
}
