// INV-10: every refusal is an event with its reason. What a person asks for and cannot have, as this dumb twin sees it (a name
// that does not exist, a number that cannot be), must be refused aloud before the next event.
import type { Order } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import type { Court, RefereeMaker } from './referee.ts';

export const refereeRefusals: RefereeMaker = (court) => {
  let owed: string | undefined;
  const collect = () => {
    if (owed !== undefined) court.blame('refusals', `${owed} was refused without a word`);
    owed = undefined;
  };
  return {
    name: 'refusals',
    event(event) {
      // A control room that died between the order and its answer answers nobody.
      if (event.kind === 'LeaderElected') owed = undefined;
      collect();
      if (event.kind === 'OrderReceived' && isImpossible(court, event.order)) owed = JSON.stringify(event.order);
    },
    command(command) {
      if (command.kind !== 'Tell' || command.note.kind !== 'refused') return;
      if (command.note.text.trim().length < 10)
        court.blame('refusals', `a refusal without a reason: "${command.note.text}"`);
      owed = undefined;
    },
    finish: collect,
  };
};

function isImpossible(court: Court, order: Order): boolean {
  if (order.kind === 'shutdown' || order.kind === 'acknowledge') return false;
  const unit = 'unit' in order ? order.unit : splitReplicaId(order.replica).unit;
  if (!court.specs.has(unit)) return true;
  return order.kind === 'scale' && (order.replicas < 0 || !Number.isInteger(order.replicas));
}
