// A call put through by hand (WebSocket and its like): the request goes to a replica on a connection of its own, and once both
// sides have agreed, bytes are copied each way until either hangs up. Not tried twice after it was sent; h2c is never passed (smuggling).
import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { UnitName } from '@hale/model';
import type { Host } from '@hale/resilience';
import { refusalText } from './answer.ts';
import type { GatewayErrorCode } from './errors.ts';
import { originForm, requestHeaders } from './headers.ts';
import type { Replica, Service } from './service.ts';
import type { GatewayWorker } from './worker.ts';

export function isUpgradeAllowed(req: IncomingMessage): boolean {
  const protocol = req.headers.upgrade;
  return protocol !== undefined && !protocol.toLowerCase().includes('h2c');
}

interface Place {
  readonly worker: GatewayWorker;
  readonly service: UnitName | undefined;
}

interface Caller {
  readonly socket: Duplex;
  readonly head: Buffer;
}

const triesMax = 3;

/** Puts one call through. */
export function passUpgrade(place: Place, req: IncomingMessage, caller: Caller): void {
  const { worker } = place;
  worker.readClock();
  worker.totals.requests++;
  caller.socket.on('error', () => caller.socket.destroy());
  const service = worker.find(req.url!, place.service);
  if (service === undefined) {
    hangUp(caller, 'HALE_PLATFORM_GATEWAY_NO_ROUTE');
    return;
  }
  service.tally.requests++;
  dial({ worker, service, req, caller, isPublic: place.service === undefined }, undefined, triesMax);
}

interface Call {
  readonly worker: GatewayWorker;
  readonly service: Service;
  readonly req: IncomingMessage;
  readonly caller: Caller;
  readonly isPublic: boolean;
}

function dial(call: Call, avoid: Host<Replica> | undefined, triesLeft: number): void {
  const { worker, service, req, caller } = call;
  const host = service.balancer.pick(avoid);
  if (host === undefined || triesLeft === 0) {
    fail(call, 'HALE_PLATFORM_GATEWAY_NONE_UP');
    return;
  }
  const { upstream } = host.member;
  const { address, port } = upstream.endpoint;
  const startedMs = worker.readClock();
  service.balancer.begin(host);
  upstream.requests++;
  upstream.inFlight++;
  worker.totals.inFlight++;
  let isOver = false;
  const hungUp = (outcome: 'ok' | 'failed' | 'cancelled') => {
    if (isOver) return;
    isOver = true;
    upstream.inFlight--;
    worker.totals.inFlight--;
    if (outcome === 'failed') upstream.errors++;
    service.balancer.end(host, outcome, worker.readClock() - startedMs);
  };
  const headers = [...requestHeaders(req, call.isPublic), 'Connection', 'Upgrade', 'Upgrade', req.headers.upgrade!];
  const out = request({ host: address, port, method: req.method, path: originForm(req.url!), headers, agent: false });
  out.setTimeout(worker.limits.tryTimeoutMs, () => out.destroy(new Error('no answer in time')));
  let wasConnected = false;
  out.on('socket', (socket) => socket.once('connect', () => (wasConnected = true)));
  const onCallerGone = () => {
    hungUp('cancelled');
    out.destroy();
  };
  caller.socket.once('close', onCallerGone);
  out.on('error', () => {
    caller.socket.off('close', onCallerGone);
    if (isOver) return;
    hungUp('failed');
    if (wasConnected) fail(call, 'HALE_PLATFORM_GATEWAY_UPSTREAM_LOST');
    else dial(call, host, triesLeft - 1);
  });
  out.on('upgrade', (res: IncomingMessage, socket: Duplex, head: Buffer) => {
    out.setTimeout(0);
    service.balancer.answered(host);
    caller.socket.write(headText(res));
    if (head.length > 0) caller.socket.write(head);
    if (caller.head.length > 0) socket.write(caller.head);
    join(caller.socket, socket, () => hungUp('ok'));
  });
  out.on('response', (res) => {
    // The replica declined: its answer is the answer.
    out.setTimeout(0);
    caller.socket.write(headText(res, ['Connection: close']));
    res.on('end', () => hungUp('ok'));
    res.pipe(caller.socket);
  });
  out.end();
}

function join(a: Duplex, b: Duplex, onEnd: () => void): void {
  a.pipe(b);
  b.pipe(a);
  const end = () => {
    a.destroy();
    b.destroy();
    onEnd();
  };
  for (const side of [a, b]) {
    side.on('error', end);
    side.on('close', end);
  }
}

function headText(res: IncomingMessage, extra: readonly string[] = []): string {
  const lines = [`HTTP/1.1 ${res.statusCode} ${res.statusMessage ?? ''}`];
  for (let i = 0; i < res.rawHeaders.length; i += 2) {
    const name = res.rawHeaders[i]!;
    // Node has taken the chunks apart already, and the connection is closed after the body.
    if (extra.length > 0 && /^(connection|keep-alive|transfer-encoding|upgrade)$/i.test(name)) continue;
    lines.push(`${name}: ${res.rawHeaders[i + 1]}`);
  }
  return `${[...lines, ...extra].join('\r\n')}\r\n\r\n`;
}

function fail(call: Call, code: GatewayErrorCode): void {
  call.worker.totals.failed++;
  call.service.tally.failed++;
  hangUp(call.caller, code);
}

function hangUp(caller: Caller, code: GatewayErrorCode): void {
  caller.socket.end(refusalText(code));
}
