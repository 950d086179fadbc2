// The fire drill with real smoke: faults injected into a system that runs, under load, judged by referees.
export { type Ending, findLiveDrill, type LiveDrill, liveDrills } from './drills.ts';
export type { DrillResult, LiveHands } from './hands.ts';
export { judge, type LoadReport } from './judge.ts';
export { defaultPlan, type LoadPlan, readPlan } from './load/plan.ts';
export { type LoadProcess, startLoadProcess } from './load-process.ts';
export { type RunOptions, runLiveDrill, waitUntilHealthy } from './run.ts';
export { summarizeRuns } from './summary.ts';
