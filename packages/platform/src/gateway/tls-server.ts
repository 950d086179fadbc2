// The door with a lock: TLS 1.2 and 1.3 on the public side, HTTP/1.1 and HTTP/2 behind it, chosen by ALPN. Requests of both go the same
// way through the house (exchange.ts). Who speaks in the clear is told so; who speaks too slowly, opens streams only to reset them
// (CVE-2023-44487), or sends headers without end is shown out by the bounds below. A new certificate is taken without closing anything.
import { createServer as createStreamServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { refusalText, refuse } from './answer.ts';
import type { Certificate } from './certificate.ts';
import {
  attend,
  defaultServerLimits,
  type GatewayServer,
  headerBytesMax,
  httpOptions,
  type ServerLimits,
} from './server.ts';
import { StreamRequest } from './stream-request.ts';
import { StreamResponse } from './stream-response.ts';
import type { GatewayWorker } from './worker.ts';

/** Streams open at once in one connection, as NGINX and Envoy's advice for the edge have it. */
const streamsMax = 100;
/** A client may reset this many streams at once, and then so many a second; beyond that its connection is closed. */
const resetBurst = 200;
const resetsPerSecond = 33;
const tlsHandshakeByte = 0x16;
const lastStreamId = 2 ** 31 - 1;

export interface TlsServer {
  readonly server: GatewayServer;
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** From the next handshake on; connections that are open keep what they have. */
  useCertificate(certificate: Certificate): void;
}

/** The public listener that speaks TLS. Until a certificate is given, every handshake fails with an alert. */
export function createTlsServer(worker: GatewayWorker, limits: ServerLimits = defaultServerLimits): TlsServer {
  const server = createServer({
    ...httpOptions(limits),
    ALPNProtocols: ['h2', 'http/1.1'],
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.headersTimeoutMs,
  }) as unknown as HttpsServer;
  attend({ worker, service: undefined, limits }, server as unknown as GatewayServer);
  const sessions = new Set<ServerHttp2Session>();
  const streams = createStreams(worker, limits, sessions);
  listenForPlainWords(server, limits);
  // Node's own listener reads HTTP/1.1; ours stands before it and takes what speaks HTTP/2.
  const readHttp1 = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') streams.emit('connection', socket);
    else for (const read of readHttp1) read.call(server, socket);
  });
  server.on('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy());
  return {
    server: server as unknown as GatewayServer,
    sessions,
    useCertificate: ({ cert, key }) => server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
  };
}

/** Closes a connection gently: first no new streams are wanted (RFC 9113 section 6.8), then those under way are finished. */
export function announceDrain(sessions: Iterable<ServerHttp2Session>): void {
  for (const session of sessions) if (!session.closed && !session.destroyed) session.goaway(0, lastStreamId);
}

function createStreams(worker: GatewayWorker, limits: ServerLimits, sessions: Set<ServerHttp2Session>): Http2Server {
  const streams = createStreamServer({
    maxHeaderListPairs: 128,
    maxSettings: 32,
    maxSessionMemory: 10,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    streamResetBurst: resetBurst,
    streamResetRate: resetsPerSecond,
    settings: { maxConcurrentStreams: streamsMax, maxHeaderListSize: headerBytesMax, enablePush: false },
  });
  streams.on('session', (session) => {
    sessions.add(session);
    session.setTimeout(limits.keepAliveTimeoutMs, () => session.close());
    session.on('close', () => sessions.delete(session));
    if (worker.isDraining) session.close();
  });
  streams.on('sessionError', (_error, session) => session.destroy());
  streams.on('stream', (stream, headers, _flags, rawHeaders) => {
    const req = new StreamRequest(stream, headers, rawHeaders as unknown as string[]);
    const res = new StreamResponse(stream, req);
    // CONNECT has no path: this is no tunnel.
    if (req.url === undefined || req.method === undefined)
      return refuse({ req, res }, 'HALE_PLATFORM_GATEWAY_BAD_REQUEST');
    if (headers.expect === '100-continue') stream.additionalHeaders({ ':status': 100 });
    worker.handle(req, res, undefined);
  });
  return streams;
}

/** Looks at the first byte of each connection: a TLS handshake goes on as it was, anything else is told what this port speaks. */
function listenForPlainWords(server: HttpsServer, limits: ServerLimits): void {
  const shakeHands = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const hangUp = () => socket.destroy();
    socket.setTimeout(limits.headersTimeoutMs, hangUp);
    socket.on('error', hangUp);
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      socket.setTimeout(0, hangUp);
      if (chunk[0] !== tlsHandshakeByte) {
        socket.end(refusalText('HALE_PLATFORM_GATEWAY_TLS_EXPECTED'));
        return;
      }
      socket.off('error', hangUp);
      socket.unshift(chunk);
      for (const shake of shakeHands) shake.call(server, socket);
    });
  });
}
