// The gateway's drawing in HAProxy's language: one door for the public and one for each service, the routes as a signpost, and for each service
// a row of numbered chairs (slots) that replicas sit down on and leave while the program runs, through its runtime socket. Pure: it writes
// text and starts nothing. It refuses names and paths that the language could misread; who checks the text and applies it is platform/proxy/haproxy.
import { assert } from '@hale/base';
import { path, quoted, word } from './haproxy-words.ts';

export interface HaproxyInput {
  /** What the running program says it is (`show info`): by it a new pilot sees whether it runs this drawing. One line. */
  readonly stamp: string;
  /** Path of the runtime socket, made with mode 0600. */
  readonly adminSocket: string;
  readonly threads: number;
  readonly timeoutMs: number;
  readonly tryTimeoutMs: number;
  readonly holdMs: number;
  /** How much of a body is kept to send it again; at most `repeatBytesMax` of it. */
  readonly bodyBytesMax: number;
  readonly listeners: readonly HaproxyListener[];
  readonly routes: readonly { readonly prefix: string; readonly service: string }[];
  readonly services: readonly HaproxyService[];
  /** The program's own answers, by status (408, 502, 503...): JSON. 404 is the one of a path that no route knows. */
  readonly answers: Readonly<Record<number, string>>;
}

/** A listening socket that the program inherits as descriptor `fd`. */
export type HaproxyListener =
  | { readonly kind: 'public'; readonly fd: number }
  /** `pemFile`: the certificate chain; its key lies beside it as `<pemFile>.key`. */
  | { readonly kind: 'tls'; readonly fd: number; readonly pemFile: string }
  | { readonly kind: 'service'; readonly fd: number; readonly service: string };

export interface HaproxyService {
  readonly name: string;
  /** It does a request with a key once, so any keyed request may be sent again. */
  readonly idempotencyKeys: boolean;
  /** Chairs; the members that sit from the start come first. */
  readonly slots: number;
  readonly members: readonly HaproxyMember[];
  /** Unix socket of who takes requests while no member can: the pilot's own worker, which holds them. */
  readonly holdSocket: string | undefined;
}

export interface HaproxyMember {
  readonly address: string;
  readonly port: number;
  /** 0 to 256. */
  readonly weight: number;
}

/** The most that one request may take in memory, head and body, to be sent a second time. Twice as much costs every request a tenth more CPU. */
export const repeatBytesMax = 32 * 1024;
const headBytesMax = 16 * 1024;
const slotsMax = 4096;
const waitingMax = 1000;

/** The section's name of a service, which is also its name in the runtime socket's commands. */
export function haproxyBackend(service: string): string {
  return word(`service-${service}`);
}

/** Where a service's requests wait while nobody can take them. */
export function haproxyHold(service: string): string {
  return `${haproxyBackend(service)}.hold`;
}

/** A chair's name in the section; chairs count from 1. */
export function haproxySlot(index: number): string {
  return `slot${index + 1}`;
}

/** The configuration file. The same input gives the same text. */
export function renderHaproxy(input: HaproxyInput): string {
  const sections = [
    globalSection(input),
    defaultsSection(input),
    publicFrontend(input),
    ...input.listeners.flatMap((listener) => (listener.kind === 'service' ? [serviceFrontend(listener, input)] : [])),
    ...[...input.services]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((service) => [backend(service, input), mirror(service), waitingRoom(service, input)]),
    lostSection(input),
  ];
  return `# Written by Hale; changes are overwritten. The gateway is declared in hale.config.ts.\n${sections
    .filter((lines) => lines.length > 0)
    .map(([head, ...rest]) => [head, ...rest.map((line) => `  ${line}`)].join('\n'))
    .join('\n\n')}\n`;
}

/** Head and body that fit are kept for a second try; what is longer is sent once. */
function bufferBytes(input: HaproxyInput): number {
  return headBytesMax + Math.min(repeatBytesMax - headBytesMax, Math.max(0, input.bodyBytesMax));
}

function globalSection(input: HaproxyInput): string[] {
  return [
    'global',
    `description ${quoted(input.stamp)}`,
    `stats socket ${quoted(input.adminSocket)} mode 600 level admin`,
    'stats timeout 1m',
    `nbthread ${input.threads}`,
    'maxconn 8000',
    // A host that allows fewer descriptors gets a smaller gateway, not none.
    'no strict-limits',
    // An old life that still has guests when a new one took over (a change of routes) ends by then.
    `hard-stop-after ${input.timeoutMs}ms`,
    `tune.bufsize ${bufferBytes(input)}`,
    'tune.http.maxhdr 101',
    'ssl-default-bind-options ssl-min-ver TLSv1.2',
  ];
}

function defaultsSection(input: HaproxyInput): string[] {
  const answers = Object.entries(input.answers)
    .filter(([status]) => status !== '404')
    .map(([status, body]) => `http-error status ${status} content-type application/json string ${quoted(body)}`);
  return [
    'defaults',
    'mode http',
    'timeout http-request 10s',
    'timeout http-keep-alive 65s',
    `timeout client ${input.timeoutMs}ms`,
    // Also the pause before the last one left is asked again. A connection on one host takes no time, or is refused at once.
    'timeout connect 300ms',
    // Also the patience with the waiting room, where a request comes to it from a replica that died; so it must outlast the holding.
    `timeout server ${Math.max(input.tryTimeoutMs, input.holdMs + 1000)}ms`,
    `timeout queue ${input.holdMs}ms`,
    'timeout tunnel 1h',
    // Enough for a whole service that dies at once: each of its replicas refuses once, then the waiting room is asked.
    'retries 5',
    'option redispatch 1',
    // A replica of ours says 503 where it did not begin. Of what may not be repeated, nothing is (see `repeating`).
    'retry-on conn-failure empty-response response-timeout 503',
    'option forwardfor',
    // A client may be about to send on a connection that it believes open: it gets an answer with `Connection: close` instead of a reset.
    'option idle-close-on-response',
    'http-reuse safe',
    ...answers,
  ];
}

function publicFrontend(input: HaproxyInput): string[] {
  const binds = input.listeners.flatMap((listener) => {
    if (listener.kind === 'public') return [`bind fd@${listener.fd}`];
    if (listener.kind === 'tls') return [`bind fd@${listener.fd} ssl crt ${quoted(listener.pemFile)} alpn h2,http/1.1`];
    return [];
  });
  if (binds.length === 0) return [];
  const routes = [...input.routes].sort((a, b) => b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1));
  return [
    'frontend public',
    ...binds,
    ...passingOn(input),
    ...routes.flatMap(({ prefix, service }) => leadTo(service, alternatives(prefix))),
    'default_backend lost',
  ];
}

/** '/orders' matches '/orders' and '/orders/7', not '/ordersx'. */
function alternatives(prefix: string): string[] {
  assert(prefix.startsWith('/'), 'a route starts with /');
  if (prefix.endsWith('/')) return [`{ path_beg ${quoted(prefix)} }`];
  return [`{ path ${quoted(prefix)} }`, `{ path_beg ${quoted(`${prefix}/`)} }`];
}

/** To the service where somebody can take it, else to its waiting room. */
function leadTo(service: string, conditions: readonly string[]): string[] {
  const name = haproxyBackend(service);
  // A life that was asked to end says 0 of every backend.
  const isEmpty = `{ nbsrv(${name}.up) eq 0 } !{ stopping }`;
  return [
    `use_backend ${haproxyHold(service)} if ${conditions.map((each) => `${each} ${isEmpty}`).join(' or ')}`,
    `use_backend ${name} if ${conditions.join(' or ')}`,
  ];
}

function serviceFrontend(listener: { readonly fd: number; readonly service: string }, input: HaproxyInput): string[] {
  return [
    `frontend ${haproxyBackend(listener.service)}.door`,
    `bind fd@${listener.fd}`,
    ...passingOn(input),
    ...leadTo(listener.service, ['TRUE']),
  ];
}

/** What was meant for us alone is taken off, who asked is noted (X-Forwarded-For is `option forwardfor`). */
function passingOn(input: HaproxyInput): string[] {
  const patience = 'req.hdr(x-hale-timeout-ms)';
  const isOdd = `{ ${patience} -m found } !{ ${patience} -m reg ^[0-9]{1,12}$ }`;
  return [
    `http-request return status 400 content-type application/json string ${quoted(input.answers[400] ?? '{}')} if ${isOdd}`,
    `http-request set-header X-Hale-Timeout-Ms ${input.timeoutMs} if !{ ${patience} -m found }`,
    'http-request set-uri %[pathq] if { url_beg -i http:// https:// }',
    'http-request del-header TE',
    'http-request del-header Trailer',
    'http-request set-header X-Forwarded-Proto http if !{ ssl_fc } !{ req.hdr(x-forwarded-proto) -m found }',
    'http-request set-header X-Forwarded-Proto https if { ssl_fc } !{ req.hdr(x-forwarded-proto) -m found }',
    'http-request set-header X-Forwarded-Host %[req.hdr(host)] if !{ req.hdr(x-forwarded-host) -m found }',
    'http-response del-header Keep-Alive',
    'http-response del-header Proxy-Connection',
  ];
}

function backend(service: HaproxyService, input: HaproxyInput): string[] {
  const { name, slots, members, holdSocket } = service;
  assert(slots >= members.length && slots <= slotsMax, 'chairs for all members, at most 4096');
  const chairs = Array.from({ length: slots }, (_, index) => {
    const member = members[index];
    if (member === undefined) return `server ${haproxySlot(index)} 127.0.0.1:9 disabled`;
    return `server ${haproxySlot(index)} ${authority(member)} weight ${member.weight}`;
  });
  return [
    `backend ${haproxyBackend(name)}`,
    // A replica that hangs keeps what it was given, and so gets nothing new.
    'balance leastconn',
    ...repeating(service),
    // A short body is read whole first: only what is here whole can be sent again.
    `http-request wait-for-body time 1s if { req.hdr_val(content-length) gt 0 } { req.hdr_val(content-length) le ${bufferBytes(input) - headBytesMax} }`,
    // Idle connections are let go of before a Node server closes them (5 s), for a request could meet the closing door.
    // Nobody is down for us but who refuses connections: that one is passed over at once, not when the table says so.
    'default-server check inter 1s fastinter 100ms downinter 100ms fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down maxconn 1000 pool-purge-delay 1s',
    ...chairs,
    ...(holdSocket === undefined ? [] : [`server hold unix@${path(holdSocket)} no-check backup`]),
  ];
}

/** RFC 9110 section 9.2.2, and besides what carries a key that its service enforces. */
function repeating({ idempotencyKeys }: HaproxyService): string[] {
  // HAProxy knows no budget. A service that keeps so many waiting is slow for all, and repeating would give it several times its load.
  const whenAllWait = `http-request disable-l7-retry if { be_conn gt ${waitingMax} }`;
  const unsafe = '!{ method GET HEAD PUT DELETE OPTIONS TRACE }';
  if (!idempotencyKeys) return [`http-request disable-l7-retry if ${unsafe}`, whenAllWait];
  const unkeyed = '!{ req.hdr(idempotency-key) -m found }';
  return [
    `http-request set-header Idempotency-Key hale-%[uuid] if { method POST PATCH } ${unkeyed}`,
    `http-request disable-l7-retry if ${unsafe} ${unkeyed}`,
    whenAllWait,
  ];
}

/** The same chairs without the waiting room among them: `nbsrv` of the service itself would count that too. */
function mirror({ name, slots }: HaproxyService): string[] {
  const own = haproxyBackend(name);
  const chairs = Array.from({ length: slots }, (_, index) => haproxySlot(index));
  return [`backend ${own}.up`, ...chairs.map((chair) => `server ${chair} 127.0.0.1:9 track ${own}/${chair}`)];
}

/** A backend of its own, for its patience is longer and what it answers is final. */
function waitingRoom({ name, holdSocket }: HaproxyService, { timeoutMs }: HaproxyInput): string[] {
  return [
    `backend ${haproxyHold(name)}`,
    `timeout server ${timeoutMs}ms`,
    'retry-on conn-failure',
    ...(holdSocket === undefined ? [] : [`server hold unix@${path(holdSocket)} no-check`]),
  ];
}

function authority({ address, port }: { readonly address: string; readonly port: number }): string {
  assert(Number.isInteger(port) && port > 0 && port < 65_536, 'a port');
  return address.includes(':') ? `ipv6@[${word(address)}]:${port}` : `${word(address)}:${port}`;
}

function lostSection(input: HaproxyInput): string[] {
  const body = quoted(input.answers[404] ?? '{}');
  return ['backend lost', `http-request return status 404 content-type application/json string ${body}`];
}
