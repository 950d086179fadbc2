// The gateway's door: what starts workers, what they are told, and what they report. The workers themselves run main.ts.

export { announceDown } from '../proxy/going-down.ts';
export { requireProgram } from '../proxy/programs.ts';
export { type Certificate, type CertificateFiles, readCertificate } from './certificate.ts';
export type { GatewayErrorCode } from './errors.ts';
export { gatewayErrors } from './errors.ts';
export { gatewayLauncher, gatewayListeners, pilotArgv, workerArgv } from './launcher.ts';
export { type RoutesFile, routesOf, writeRoutes } from './routes.ts';
export type { GatewayStats, GatewayTotals, ReplicaTraffic, UnitTraffic } from './stats.ts';
export { routesFile, statsFile, tableFile } from './worker-files.ts';
