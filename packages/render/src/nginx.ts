// The gateway's drawing in NGINX's language: one server for the public, one for each service, routes as locations, and for each service the
// doors it may be reached by. Pure: it writes text and starts nothing. It refuses names and paths that the language could misread; who has
// the text checked and applies it is platform/proxy/nginx.
import { locations } from './nginx-location.ts';
import { type NginxService, upstreamBlock } from './nginx-upstream.ts';
import { block, place, quoted, word } from './nginx-words.ts';

export interface NginxInput {
  /** What the installed NGINX can be told; from its version and how it was built. */
  readonly dialect: NginxDialect;
  /** Ends with '/'. Its own temporary files lie in it. */
  readonly folder: string;
  /** Workers run as this user; undefined: as whoever starts NGINX, who is not root. */
  readonly user: string | undefined;
  readonly workers: number;
  readonly listeners: readonly NginxListener[];
  readonly routes: readonly { readonly prefix: string; readonly service: string }[];
  readonly services: readonly NginxService[];
  readonly timeoutMs: number;
  readonly tryTimeoutMs: number;
  readonly holdMs: number;
  readonly bodyBytesMax: number;
  /**
   * While this file exists, every answer ends its connection. NGINX that takes over a new configuration closes idle connections at once, also one
   * on which a request is just arriving; told beforehand, busy clients have left before.
   */
  readonly closingFile: string;
  /** One request of so many looks for it (a system call); under load, busy clients ask so often that one of many is soon. */
  readonly lookEvery: number;
  /** The program's own answers, by status (400, 404, 502, 504): JSON without `$`. */
  readonly answers: Readonly<Record<number, string>>;
  /** UDP address that is told of every `every`-th request, and of each that failed or was sent again. */
  readonly witness: { readonly port: number; readonly every: number } | undefined;
}

export interface NginxDialect {
  /** `http2 on;` (from 1.25.1) instead of a word of `listen`. */
  readonly http2Directive: boolean;
  /** Folders of modules that were built in: each would make its own below /var/lib otherwise. */
  readonly tempPaths: readonly string[];
}

/** A listening socket that NGINX inherits: it finds it by its address. */
export type NginxListener =
  | { readonly kind: 'public'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'tls';
      readonly host: string;
      readonly port: number;
      readonly certFile: string;
      readonly keyFile: string;
    }
  | { readonly kind: 'service'; readonly host: string; readonly port: number; readonly service: string };

/** The configuration file. The same input gives the same text. */
export function renderNginx(input: NginxInput): string {
  const lines = [
    '# Written by Hale; changes are overwritten. The gateway is declared in hale.config.ts.',
    ...(input.user === undefined ? [] : [`user ${word(input.user)};`]),
    'daemon off;',
    `worker_processes ${input.workers};`,
    // Old workers, which finish what they have after a change, end by then.
    `worker_shutdown_timeout ${input.timeoutMs}ms;`,
    `pid ${quoted(`${input.folder}nginx.pid`)};`,
    'error_log stderr warn;',
    '',
    ...block('events', ['worker_connections 10000;']),
    '',
    ...block('http', httpLines(input)),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function httpLines(input: NginxInput): string[] {
  return [
    ...limits(input),
    '',
    ...words(input),
    ...dice(input),
    '',
    ...witness(input),
    ...input.services.flatMap((service) => [...upstreamBlock(service), '']),
    ...input.listeners.flatMap((listener) => [...server(listener, input), '']),
  ].slice(0, -1);
}

function limits(input: NginxInput): string[] {
  const bufferBytes = Math.min(Math.max(input.bodyBytesMax, 8192), 128 * 1024);
  return [
    'server_tokens off;',
    'default_type application/octet-stream;',
    'tcp_nodelay on;',
    'client_header_timeout 10s;',
    'keepalive_timeout 65s;',
    'keepalive_requests 1000000;',
    'large_client_header_buffers 4 16k;',
    'client_max_body_size 0;',
    `client_body_buffer_size ${bufferBytes};`,
    `client_body_timeout ${input.timeoutMs}ms;`,
    'underscores_in_headers on;',
    'merge_slashes off;',
    'recursive_error_pages on;',
    ...input.dialect.tempPaths.map((name) => `${word(name)}_temp_path ${quoted(`${input.folder}temp/${name}`)};`),
    'proxy_http_version 1.1;',
    // What a replica sends goes on as it comes.
    'proxy_buffering off;',
    'proxy_connect_timeout 2s;',
    `proxy_send_timeout ${input.tryTimeoutMs}ms;`,
    // Also the patience with the waiting room, so it must outlast the holding.
    `proxy_read_timeout ${Math.max(input.tryTimeoutMs, input.holdMs + 1000)}ms;`,
    // Every door once, then the waiting room.
    'proxy_next_upstream_tries 0;',
    `proxy_next_upstream_timeout ${input.timeoutMs}ms;`,
    'proxy_next_upstream error timeout;',
  ];
}

/** The words that requests carry (decision 0005), read once for all servers. */
function words(input: NginxInput): string[] {
  const usual = input.lookEvery === 1 ? "''" : '$hale_look';
  const oddities = ['upgrade', 'x_forwarded_proto', 'x_forwarded_host', 'x_hale_timeout_ms'];
  const isKeyed = input.services.some((service) => service.idempotencyKeys);
  return [
    ...block(`map "$server_protocol${oddities.map((name) => `$http_${name}`).join('')}" $hale_odd`, [
      `HTTP/1.1 ${usual};`,
      `HTTP/2.0 ${usual};`,
      'default 1;',
    ]),
    ...block('map $http_host $hale_host', ["'' $host;", 'default $http_host;']),
    ...block('map $http_x_forwarded_proto $hale_proto', ["'' $scheme;", 'default $http_x_forwarded_proto;']),
    ...block('map $http_x_forwarded_host $hale_forwarded_host', ["'' $hale_host;", 'default $http_x_forwarded_host;']),
    ...block('map $http_x_hale_timeout_ms $hale_patience', [
      `'' ${input.timeoutMs};`,
      "'~^[0-9]{1,12}$' $http_x_hale_timeout_ms;",
      "default '';",
    ]),
    ...(isKeyed ? keyWords() : []),
  ];
}

/** What is safe to repeat anyway gets no key; found by a table, before the expression is tried. */
function keyWords(): string[] {
  const safe = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'];
  return block('map "$request_method $http_idempotency_key" $hale_key', [
    ...safe.map((method) => `'${method} ' '';`),
    "'~ $' hale-$request_id;",
    'default $http_idempotency_key;',
  ]);
}

/**
 * One throw for each request where not every one is told or looks: '1' tells and looks, '' only looks, '0' does neither. (A log's condition and
 * that of `if` both take '' and '0' for no, so looking has a table of its own.)
 */
function dice({ witness: to, lookEvery }: NginxInput): string[] {
  const share = (every: number) => (every === 1 ? 0 : 100 / every);
  const parts = [
    { percent: share(to?.every ?? 1), face: '1' },
    { percent: share(lookEvery), face: "''" },
  ].filter(({ percent }) => percent > 0);
  if (parts.length === 0) return [];
  return [
    ...block('split_clients $connection.$connection_requests $hale_dice', [
      ...parts.map(({ percent, face }) => `${percent.toFixed(2)}% ${face};`),
      '* 0;',
    ]),
    ...(lookEvery === 1 ? [] : block('map $hale_dice $hale_look', ["0 '';", 'default 1;'])),
  ];
}

/** What failed or was sent again is always told, with weight 1; of the rest every n-th, with weight n. */
function witness({ witness: to }: NginxInput): string[] {
  if (to === undefined) return ['access_log off;', ''];
  const isTold = to.every === 1 ? '1' : '$hale_dice';
  // Usual ends are found by a table, before any expression is tried: this is asked for every request.
  const usual = ['200', '201', '202', '204', '301', '302', '304', '400', '401', '403', '404', '409', '422', '429'];
  const decide = (name: string, otherwise: string) =>
    block(`map $upstream_status ${name}`, [...usual.map((status) => `${status} ${otherwise};`), 'default 1;']);
  return [
    ...decide('$hale_told', isTold),
    ...decide('$hale_weight', String(to.every)),
    `log_format hale escape=none '$hale_weight $status $request_time $proxy_host [$upstream_addr] [$upstream_status]';`,
    `access_log syslog:server=127.0.0.1:${to.port},nohostname,tag=hale hale if=$hale_told;`,
    '',
  ];
}

function server(listener: NginxListener, input: NginxInput): string[] {
  const isTls = listener.kind === 'tls';
  const http2 = isTls && !input.dialect.http2Directive ? ' http2' : '';
  const listen = `listen ${place(listener.host, listener.port)}${isTls ? ` ssl${http2}` : ''};`;
  const tls = isTls
    ? [
        ...(input.dialect.http2Directive ? ['http2 on;'] : []),
        `ssl_certificate ${quoted(listener.certFile)};`,
        `ssl_certificate_key ${quoted(listener.keyFile)};`,
        'ssl_protocols TLSv1.2 TLSv1.3;',
        'ssl_session_cache shared:hale:1m;',
      ]
    : [];
  return block('server', [listen, ...tls, ...locations(listener, input)]);
}
