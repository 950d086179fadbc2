// No storms: however bad the day, what the brain commands stays bounded, and a refusal is told once, not at every tick.
import type { RefereeMaker } from './referee.ts';

const perMinuteMax = 700;

export const refereeNoStorm: RefereeMaker = (court) => {
  const recent: number[] = [];
  let blamed = false;
  let lastTold = '';
  let sameInRow = 0;
  return {
    name: 'no-storm',
    command(command) {
      recent.push(court.now);
      while (recent[0] !== undefined && court.now - recent[0] >= 60_000) recent.shift();
      if (recent.length > perMinuteMax && !blamed) {
        blamed = true;
        court.blame('no-storm', `${recent.length} commands within a minute`);
      }
      if (command.kind !== 'Tell') return;
      sameInRow = command.note.text === lastTold ? sameInRow + 1 : 0;
      lastTold = command.note.text;
      if (sameInRow === 5) court.blame('no-storm', `"${lastTold}" is told again and again`);
    },
  };
};
