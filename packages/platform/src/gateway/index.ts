// The door of what stands in front: what starts gateway workers and relays, what they are told, and what they report. The programs
// themselves are main.ts here and in ../relay.

export { announceDown } from '../proxy/going-down.ts';
export { requireProgram } from '../proxy/programs.ts';
export { relayArgv, relayLauncher, relayListeners } from '../relay/launcher.ts';
export { type DatabaseTraffic, type RelayStats, type RelayTotals, relayStatsFile } from '../relay/stats.ts';
export { type Certificate, type CertificateFiles, readCertificate } from './certificate.ts';
export type { GatewayErrorCode } from './errors.ts';
export { gatewayErrors } from './errors.ts';
export { gatewayLauncher, gatewayListeners, pilotArgv, workerArgv } from './launcher.ts';
export { type RoutesFile, routesOf, writeRoutes } from './routes.ts';
export type { GatewayStats, GatewayTotals, ReplicaTraffic, UnitTraffic } from './stats.ts';
export { routesFile, statsFile, tableFile } from './worker-files.ts';
