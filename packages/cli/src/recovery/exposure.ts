// What would be lost if it happened now? A pure judgement over facts (facts.ts gathers them): what is exposed is a line that somebody
// should act on, what is only good to know is a note. Nothing is softened: a backup that was never restored protects nothing for
// certain, and a store on the database's own disk does not survive that disk.
import { formatDuration } from '@hale/base';

export interface DatabaseFacts {
  readonly database: string;
  /** Nodes that hold the data, the primary included. */
  readonly nodes: number;
  /** Somebody else runs the server, and knows what it stands on. */
  readonly isElsewhere: boolean;
  /** Of its store, as one can name it from anywhere; undefined where no backup is declared. */
  readonly store: string | undefined;
  readonly encrypted: boolean;
  /** How often a backup is taken, and proven, as declared. */
  readonly everyMs: number;
  readonly proveMs: number;
  readonly newest: { readonly id: string; readonly endedAt: number } | undefined;
  readonly proof: { readonly at: number; readonly ok: boolean; readonly words: string } | undefined;
  /** Until when (Unix ms) everything that was committed is in the store. */
  readonly completeUntil: number | undefined;
  /** Whether store and data lie on one disk; undefined where the store is no folder, or there is no data yet. */
  readonly sameDisk: boolean | undefined;
  /** Why the store could not be asked, or what is wrong in it; '' when nothing is. */
  readonly trouble: string;
}

export interface HouseFacts {
  /** Unix ms of the newest copy; undefined where there is none. */
  readonly at: number | undefined;
  /** When the declaration or the release in force was last changed (Unix ms). */
  readonly changedAt: number;
  readonly trouble: string;
}

export interface Judgement {
  readonly exposed: readonly string[];
  readonly notes: readonly string[];
}

const hourMs = 3_600_000;
/** What is done so often may be late by half as much again, and two hours: a machine is switched off, a store is slow. */
const lateAfter = (everyMs: number) => everyMs * 1.5 + 2 * hourMs;

export function judgeDatabase(facts: DatabaseFacts, now: number): Judgement {
  const { database, store, newest, proof, completeUntil, trouble } = facts;
  const ago = (at: number) => `${formatDuration(Math.max(0, now - at))} ago`;
  const nodes = facts.isElsewhere
    ? 'run by somebody else: what it survives is not known here'
    : facts.nodes === 1
      ? 'one node: its death stops writes until it is restarted'
      : `${facts.nodes} nodes, all on this machine`;
  if (store === undefined)
    return {
      exposed: [
        `${database} has no backup: declare postgres({ backup: { to: 'vault' } }) and its objectStore (docs/guides/backups.md)`,
      ],
      notes: [nodes],
    };
  const exposed: string[] = [];
  const notes: string[] = [nodes];
  if (trouble !== '') exposed.push(trouble);
  if (newest === undefined) {
    if (trouble === '') exposed.push('no backup was ever taken: hale backup now');
  } else {
    const until = Math.max(completeUntil ?? 0, newest.endedAt);
    const since = `everything until ${ago(until)} is in the store`;
    if (now - until > lateAfter(facts.everyMs)) exposed.push(`${since}, and nothing after it: hale backup now`);
    else notes.push(since);
    exposed.push(...judgeProof(facts, now));
    if (proof?.ok === true) notes.push(`proven ${ago(proof.at)}: ${proof.words}`);
  }
  if (facts.sameDisk === true) exposed.push(`the store is on the disk of the data: one disk loses both (${store})`);
  if (!facts.encrypted && !store.startsWith('file:'))
    notes.push('not encrypted: whoever may read the store reads the data');
  return { exposed, notes };
}

function judgeProof({ proof, proveMs }: DatabaseFacts, now: number): readonly string[] {
  if (proof === undefined) return ['no backup was ever restored: hale drill run dr'];
  if (!proof.ok) return [`the last restore failed: ${proof.words}`];
  if (now - proof.at <= lateAfter(proveMs)) return [];
  return [`the last restore that worked was ${formatDuration(now - proof.at)} ago: hale drill run dr`];
}

export function judgeHouse({ at, changedAt, trouble }: HouseFacts, now: number): Judgement {
  if (trouble !== '') return { exposed: [trouble], notes: [] };
  if (at === undefined)
    return { exposed: ['declaration, programs and journal are in no store: hale backup now'], notes: [] };
  const words = `declaration, programs and journal as of ${formatDuration(Math.max(0, now - at))} ago`;
  if (changedAt <= at) return { exposed: [], notes: [words] };
  return { exposed: [`${words}, and the declaration was changed since: hale backup now`], notes: [] };
}
