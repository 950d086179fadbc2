// The doors to the street: one HTTP server for each inherited listener, with the limits that keep a rude client from holding one
// open (headers 16 kB and 10 s, 100 fields, 10,000 connections). Parsing is Node's own, strict: what is ambiguous is refused with 400.
import { createServer, IncomingMessage, type Server } from 'node:http';
import type { UnitName } from '@hale/model';
import { refuse } from './answer.ts';
import { GatewayResponse } from './response.ts';
import { isUpgradeAllowed, passUpgrade } from './upgrade.ts';
import type { GatewayWorker } from './worker.ts';

export interface ServerLimits {
  readonly headersTimeoutMs: number;
  /** The whole request, body included, must have arrived by then. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly connectionsMax: number;
}

export const defaultServerLimits: ServerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  keepAliveTimeoutMs: 65_000,
  connectionsMax: 10_000,
};

export type GatewayServer = Server<typeof IncomingMessage, typeof GatewayResponse>;

/** A server for one listener; `service` is set for internal listeners (`svc:<service>`), undefined for the public one. */
export function createGatewayServer(
  worker: GatewayWorker,
  service: UnitName | undefined,
  limits: ServerLimits = defaultServerLimits,
): GatewayServer {
  const server = createServer(
    {
      IncomingMessage,
      ServerResponse: GatewayResponse,
      insecureHTTPParser: false,
      maxHeaderSize: 16 * 1024,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
      noDelay: true,
      // A request without a body needs no stream to say so.
      optimizeEmptyRequests: true,
      shouldUpgradeCallback: isUpgradeAllowed,
    },
    (req, res) => worker.handle(req, res as GatewayResponse, service),
  );
  // One more than is allowed, so that the worker sees the surplus and refuses: Node silently drops what exceeds this.
  server.maxHeadersCount = 101;
  server.maxConnections = limits.connectionsMax;
  server.on('checkContinue', (req, res) => {
    if (worker.find(req.url!, service) === undefined) return refuse(req, res, 'HALE_PLATFORM_GATEWAY_NO_ROUTE');
    res.writeContinue();
    worker.handle(req, res, service);
  });
  server.on('upgrade', (req, socket, head) => passUpgrade({ worker, service }, req, { socket, head }));
  return server;
}
