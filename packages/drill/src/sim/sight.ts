// The way from the eye to the control room that leads: batches may be lost, late or doubled. A full look is never lost for ever: the next
// one comes.
import type { Rng } from '@hale/base';
import type { Observation } from '@hale/model';
import { lookAtAll, lookEveryMs, lookForChanges } from './eye.ts';
import { isQuiet, passTime, type World } from './world.ts';

export interface Sight {
  changes(): void;
  all(): void;
}

export function createSight(world: World, rng: Rng, deliver: (observation: Observation) => void): Sight {
  let lastAt = 0;
  const send = (observation: Observation) => {
    const { sky, agenda } = world;
    if (sky.lossRatio > 0 && !observation.full && rng.unit() < sky.lossRatio) return;
    const times = sky.duplicateRatio > 0 && rng.unit() < sky.duplicateRatio ? 2 : 1;
    lastAt = Math.max(lastAt, agenda.now + sky.delayMs);
    const arrive = () => {
      for (let i = 0; i < times; i++) deliver(observation);
    };
    if (lastAt > agenda.now) agenda.after(lastAt - agenda.now, arrive);
    else arrive();
  };
  return {
    changes() {
      const observation = lookForChanges(world);
      if (observation !== undefined) send(observation);
    },
    all: () => send(lookAtAll(world)),
  };
}

/** Looks four times a second where something stirs, and at everything every thirty seconds. */
export function keepLooking(world: World, sight: Sight): void {
  let looks = 0;
  const look = () => {
    const isFull = !world.sky.blind && ++looks % (30_000 / lookEveryMs) === 0;
    if (isFull || !isQuiet(world)) {
      passTime(world);
      if (isFull) sight.all();
      else if (!world.sky.blind) sight.changes();
    }
    world.agenda.after(lookEveryMs, look);
  };
  world.agenda.after(lookEveryMs, look);
}
