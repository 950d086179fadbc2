// The doors to the street: one HTTP server for each inherited listener, with the limits that keep a rude client from holding one
// open (headers 16 kB and 10 s, 100 fields, 10,000 connections). Parsing is Node's own, strict: what is ambiguous is refused with 400.
// The door that speaks TLS, and HTTP/2, is tls-server.ts.
import { createServer, IncomingMessage, type Server, type ServerOptions } from 'node:http';
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
  const server = createServer(httpOptions(limits));
  attend({ worker, service, limits }, server);
  return server;
}

/** How HTTP/1.1 is read, with or without TLS around it. */
export function httpOptions(limits: ServerLimits): ServerOptions<typeof IncomingMessage, typeof GatewayResponse> {
  return {
    IncomingMessage,
    ServerResponse: GatewayResponse,
    insecureHTTPParser: false,
    maxHeaderSize: headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    noDelay: true,
    // A request without a body needs no stream to say so.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: isUpgradeAllowed,
  };
}

export const headerBytesMax = 16 * 1024;
/** One more than is allowed, so that the worker sees the surplus and refuses: Node silently drops what exceeds this. */
export const headerFieldsReadMax = 101;

interface Place {
  readonly worker: GatewayWorker;
  readonly service: UnitName | undefined;
  readonly limits: ServerLimits;
}

/** Lets the worker hear of every HTTP/1.1 request of `server`. */
export function attend({ worker, service, limits }: Place, server: GatewayServer): void {
  server.maxHeadersCount = headerFieldsReadMax;
  server.maxConnections = limits.connectionsMax;
  server.on('request', (req, res) => worker.handle(req, res, service));
  server.on('checkContinue', (req, res) => {
    if (worker.find(req.url!, service) === undefined) return refuse({ req, res }, 'HALE_PLATFORM_GATEWAY_NO_ROUTE');
    res.writeContinue();
    worker.handle(req, res, service);
  });
  server.on('upgrade', (req, socket, head) => passUpgrade({ worker, service }, req, { socket, head }));
}
