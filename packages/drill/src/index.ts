// The fire drill's door: the text format, the scenarios, what hands a drill needs, and the referees. The simulator plays them
// (npm run sim, scenarios/golden.test.ts); live hands are in ./live.
export { type DrillErrorCode, drillError, drillHints } from './errors.ts';
export { createCourt } from './referees/court.ts';
export { allReferees } from './referees/index.ts';
export type { Breach, Court, Referee, RefereeMaker, Seen, Truth } from './referees/referee.ts';
export { scenarios } from './scenarios/texts.ts';
export type { DrillHands, LoadAccount } from './script/hands.ts';
export type { DrillAction, DrillExpectation, DrillScript } from './script/language.ts';
export { parseDrill } from './script/parse.ts';
export type { DrillLine, DrillRequests } from './script/result.ts';
export { type RunOptions, runDrill } from './script/run.ts';
export { type GameResult, playGame } from './sim/game.ts';
export { createSimulatedDrill, type SimulatedDrill } from './sim/script-hands.ts';
