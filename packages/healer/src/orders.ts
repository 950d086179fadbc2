// Orders of people and drills. They only write down what is wanted; whether and when it is done passes the one
// budget like everything else, and what cannot be done is refused aloud (INV-10).
import type { Order } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { floorRefusal } from './budget.ts';
import { fillSlots } from './declare.ts';
import { letGo } from './holds.ts';
import { leaveIncident } from './incidents.ts';
import { kill } from './leaving.ts';
import { limits } from './limits.ts';
import { isActive, newestActive } from './lives.ts';
import { nodeOfRegion, whyNotMove } from './postgres/move.ts';
import type { Slot, Unit } from './state.ts';
import { findUnit, tell, type Work } from './work.ts';

export function foldOrder(work: Work, by: string, order: Order): void {
  switch (order.kind) {
    case 'shutdown':
      work.brain.shutdown = true;
      tell(work, 'acted', `${by} orders a shutdown`);
      return;
    case 'acknowledge':
      tell(work, 'info', `${by} has seen incident ${order.incident}`, { incident: order.incident });
      return;
    case 'restart':
      restart(work, by, order);
      return;
    case 'failover':
      move(work, by, order);
      return;
    case 'scale':
      scale(work, by, order);
      return;
    case 'resume':
      resume(work, by, order.unit);
      return;
    case 'drain':
    case 'undrain':
      drain(work, by, order);
      return;
  }
}

function restart(work: Work, by: string, order: Extract<Order, { kind: 'restart' }>): void {
  const unit = knownUnit(work, order.unit);
  if (unit === undefined) return;
  const slots = unit.slots.filter((slot) => order.replica === undefined || slot.replica === order.replica);
  if (slots.length === 0) {
    refuse(work, `there is no ${order.replica ?? order.unit}`);
    return;
  }
  tell(work, 'acted', `${by} orders a restart of ${order.replica ?? order.unit}`, { unit: order.unit });
  for (const slot of slots) {
    letGo(work, unit, slot, `${by} orders a restart`);
    const life = newestActive(slot);
    if (life !== undefined) slot.replace = { of: life.incarnation, remedy: 'restart', why: `${by} orders a restart` };
    else slot.notBefore = work.now;
  }
}

/** The primary is asked to stop, if it runs; then the node of that region takes over, or a standby at home. */
function move(work: Work, by: string, { unit: name, region }: Extract<Order, { kind: 'failover' }>): void {
  const unit = knownUnit(work, name);
  if (unit === undefined) return;
  const { cluster } = unit;
  const why = cluster === undefined ? `${name} is no database with standbys` : whyNotMove(unit, cluster, region);
  if (cluster === undefined || why !== undefined) {
    refuse(work, why ?? name, unit);
    return;
  }
  tell(work, 'acted', `${by} moves ${name} to region ${region}`, { unit: name });
  cluster.moving = nodeOfRegion(unit, region);
  const slot = unit.slots.find(({ replica }) => replica === cluster.primary);
  const life = slot === undefined ? undefined : newestActive(slot);
  if (slot === undefined || life === undefined) return;
  const told = `${by} moves it to ${region}`;
  letGo(work, unit, slot, told);
  // Only who serves has something to say goodbye with.
  if (cluster.open === life.incarnation) slot.replace = { of: life.incarnation, remedy: 'restart', why: told };
  else kill(life, 0);
}

function scale(work: Work, by: string, order: Extract<Order, { kind: 'scale' }>): void {
  const unit = knownUnit(work, order.unit);
  if (unit === undefined) return;
  const { replicas } = order;
  if (!Number.isInteger(replicas) || replicas < 0 || replicas > limits.replicasMax) {
    refuse(work, `${unit.spec.name} cannot have ${replicas} replicas; 0 to ${limits.replicasMax} can be asked`);
    return;
  }
  // Fewer nodes acknowledge nothing any more, and more are not configured to be counted.
  if (unit.spec.cluster !== undefined) {
    refuse(work, `${unit.spec.name} is a database cluster of ${unit.wanted}: its standbys are declared, not scaled`);
    return;
  }
  if (replicas > 1 && !unit.spec.surge) {
    refuse(work, `${unit.spec.name} can have one replica only`);
    return;
  }
  tell(work, 'acted', `${by} scales ${unit.spec.name} from ${unit.wanted} to ${replicas}`, { unit: unit.spec.name });
  unit.wanted = replicas;
  fillSlots(unit);
}

function resume(work: Work, by: string, name: string): void {
  const unit = knownUnit(work, name);
  if (unit === undefined) return;
  for (const slot of unit.slots) letGo(work, unit, slot, `${by} resumes it`);
}

function drain(work: Work, by: string, order: Extract<Order, { kind: 'drain' | 'undrain' }>): void {
  const { unit: name, ordinal } = splitReplicaId(order.replica);
  const unit = knownUnit(work, name);
  if (unit === undefined) return;
  const slot = unit.slots.find((one) => one.ordinal === ordinal);
  if (slot === undefined) {
    refuse(work, `there is no ${order.replica}`);
    return;
  }
  const subject = { unit: name, replica: slot.replica };
  if (order.kind === 'undrain') {
    slot.drained = false;
    tell(work, 'acted', `${by} takes ${slot.replica} back`, subject);
    return;
  }
  const refusal = slot.lives.some(isActive) ? floorRefusal(unit, slot) : undefined;
  if (refusal !== undefined) {
    refuse(work, `${slot.replica} is not drained: ${refusal}`, unit, slot);
    return;
  }
  slot.drained = true;
  leaveIncident(work, slot, 'inconclusive');
  tell(work, 'acted', `${by} drains ${slot.replica}`, subject);
}

function knownUnit(work: Work, name: string): Unit | undefined {
  const unit = findUnit(work, name);
  if (unit === undefined || unit.removed) {
    refuse(work, `there is no ${name}`);
    return undefined;
  }
  return unit;
}

function refuse(work: Work, text: string, unit?: Unit, slot?: Slot): void {
  tell(work, 'refused', text, { unit: unit?.spec.name, replica: slot?.replica });
}
