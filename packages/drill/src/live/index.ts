// The fire drill with real smoke: the same scripts, played on a system that runs, under load.
export type { DrillNote, LiveHands } from './hands.ts';
export { defaultPlan, type LoadPlan, readPlan } from './load/plan.ts';
export { type LoadProcess, startLoadProcess } from './load-process.ts';
export { type LiveRunOptions, pauseBetweenRunsMs, runLiveDrill, waitUntilHealthy } from './run.ts';
export { createLiveDrill, type LiveDrillOptions } from './script-hands.ts';
export { type DrillSummary, summarizeRuns } from './summary.ts';
