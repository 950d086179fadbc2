// The fire drill's door: the text format, the scenarios, what hands a drill needs, and the referees. The simulator plays them here;
// live hands are in ./live.
export { allReferees } from './referees/index.ts';
export type { Breach, Court, Referee, RefereeMaker, Seen, Truth } from './referees/referee.ts';
export { type GameResult, playGame } from './sim/game.ts';
