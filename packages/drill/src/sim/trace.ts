// A game in words: one line a command, for whoever looks for the cause of a breach.
import type { Command, DatabaseTerm } from '@hale/model';

/** The line of one command; undefined for what only wakes. */
export function traceLine(command: Command, now: number): string | undefined {
  const at = `${(now / 1_000).toFixed(3).padStart(8)} `;
  switch (command.kind) {
    case 'Tell':
      return `${at} ${command.note.kind.padEnd(9)} ${command.note.text}`;
    case 'StartReplica':
      return `${at} START     ${command.replica} ${command.incarnation.slice(-4)} release ${command.release}${termOf(command.database)}`;
    case 'StopReplica':
      return `${at} STOP      ${command.replica} ${command.incarnation.slice(-4)} grace ${command.graceMs}`;
    case 'FenceStandby':
    case 'PromoteStandby':
      return `${at} ${command.kind === 'FenceStandby' ? 'FENCE  ' : 'PROMOTE'}   ${command.replica} ${command.incarnation.slice(-4)} term ${command.term}`;
    case 'FollowPrimary':
      return `${at} FOLLOW    ${command.replica} ${command.incarnation.slice(-4)} term ${command.term} ${command.primary}`;
    case 'PublishEndpoints': {
      const rows = command.table.endpoints.map((one) => `${one.replica}:${one.incarnation.slice(-4)}=${one.state}`);
      return `${at} TABLE ${command.table.epoch}.${command.table.seq} ${rows.join(' ')}`;
    }
    case 'PagePerson':
      return `${at} PAGE      ${command.title}: ${command.detail}`;
    default:
      return undefined;
  }
}

function termOf(database: DatabaseTerm | undefined): string {
  if (database === undefined) return '';
  const copy = database.rebuild === true ? ', copied anew' : '';
  return ` term ${database.term} of ${database.primary}${copy}`;
}
