// Orders from the brain to the hands. Each is idempotent by its id, has a deadline and carries the leader's epoch;
// an executor that has seen a higher epoch refuses it. Commands name what should be true afterwards, not how.
import type { Stamp } from '@hale/base';
import type { EndpointTable } from './endpoint-table.ts';
import type { CommandId, Incarnation, IncidentId, ReplicaId, UnitName } from './names.ts';

export type Command = CommandHead & CommandBody;

export interface CommandHead {
  readonly id: CommandId;
  readonly epoch: number;
  /** The time of the event that it was decided on. */
  readonly at: Stamp;
  /** Milliseconds the executor may take before the result is 'timeout'. */
  readonly deadlineMs: number;
  /** Why: one sentence for a person. */
  readonly reason: string;
  /** The incident it serves, where there is one. */
  readonly incident: IncidentId | undefined;
}

export type CommandBody =
  /** Afterwards a process of this incarnation runs (or has run and ended: the exit is an observation). */
  | {
      readonly kind: 'StartReplica';
      readonly replica: ReplicaId;
      readonly incarnation: Incarnation;
      readonly release: number;
      readonly zone: string;
      /** Of a database cluster: whose data counts in this term. Who is not the primary itself becomes a copy of it, and follows nobody yet. */
      readonly database?: DatabaseTerm;
    }
  /** Afterwards this incarnation does not run: SIGTERM, `graceMs`, then SIGKILL of its whole group. 0 kills at once. */
  | {
      readonly kind: 'StopReplica';
      readonly replica: ReplicaId;
      readonly incarnation: Incarnation;
      readonly graceMs: number;
    }
  /** Afterwards this standby takes log from nobody, will never again follow a primary of a term below `term`, and has said where its log ends. */
  | {
      readonly kind: 'FenceStandby';
      readonly replica: ReplicaId;
      readonly incarnation: Incarnation;
      readonly term: number;
    }
  /** Afterwards it accepts writes as the primary of `term`, and acknowledges them once `acknowledgers` of the others have them; `alone`: by itself. */
  | {
      readonly kind: 'PromoteStandby';
      readonly replica: ReplicaId;
      readonly incarnation: Incarnation;
      readonly term: number;
      readonly alone?: boolean;
    }
  /** Afterwards it copies this primary, and may acknowledge for it. */
  | {
      readonly kind: 'FollowPrimary';
      readonly replica: ReplicaId;
      readonly incarnation: Incarnation;
      readonly term: number;
      readonly primary: ReplicaId;
      readonly address: string;
      readonly port: number;
    }
  /** Afterwards every router uses this table (or a newer one). */
  | { readonly kind: 'PublishEndpoints'; readonly table: EndpointTable }
  /** A person is needed. Delivered to every alert channel; kept in the incident. */
  | { readonly kind: 'PagePerson'; readonly title: string; readonly detail: string }
  /** Ask to be woken with TimePassed no later than `afterMs` from now. Nothing else happens. */
  | { readonly kind: 'WakeUp'; readonly afterMs: number }
  /** A line of the story, only recorded: what was decided and why, or refused and why (INV-10). */
  | { readonly kind: 'Tell'; readonly note: Note };

/** A term begins with each choice of a primary and has one only. */
export interface DatabaseTerm {
  readonly term: number;
  readonly primary: ReplicaId;
  /** Where the primary answers; undefined when it is the one that is started, or cannot be asked now: then only data of this very term will do. */
  readonly from: { readonly address: string; readonly port: number } | undefined;
  /** Its own data is not to be trusted: it is copied anew, whatever term it says. */
  readonly rebuild?: true;
}

export type NoteKind =
  | 'suspected'
  | 'condemned'
  | 'isolated'
  | 'acted'
  | 'verified'
  | 'refused'
  | 'escalated'
  | 'opened'
  | 'closed'
  | 'started'
  | 'info';

export interface Note {
  readonly kind: NoteKind;
  readonly unit: UnitName | undefined;
  readonly replica: ReplicaId | undefined;
  /** A plain sentence. */
  readonly text: string;
}
