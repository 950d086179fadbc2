// One service as NGINX sees it: a row of doors, and behind them the waiting room. The least busy door is asked; one that has failed three
// times within a second is left alone for a second; when no door is left, the waiting room takes the request and holds it.
import { block, place, quoted, word } from './nginx-words.ts';

export interface NginxService {
  readonly name: string;
  readonly members: readonly { readonly address: string; readonly port: number; readonly weight: number }[];
  /** `unix:/path` or `127.0.0.1:port` of who holds requests while no member is up. */
  readonly hold: string;
  /** It does a request with a key once, so any keyed request may be sent again. */
  readonly idempotencyKeys: boolean;
}

/** Where requests for a service are passed to: `proxy_pass http://<this>`. */
export function nginxUpstream(service: string): string {
  return word(`hale_${service}`);
}

/** The `upstream` block of a service. Connections stay open for less than the 5 s after which Node closes an idle one. */
export function upstreamBlock(service: NginxService): string[] {
  const members = service.members.map(({ address, port, weight }) => {
    const share = weight === 100 ? '' : ` weight=${Math.max(1, Math.round(weight))}`;
    return `server ${place(address, port)}${share} max_fails=3 fail_timeout=1s;`;
  });
  // Weights are relative to 1, so where they differ everyone has one.
  const isWeighted = service.members.some(({ weight }) => weight !== 100);
  const weighed = members.map((line) =>
    isWeighted && !line.includes('weight=') ? line.replace(' max', ' weight=100 max') : line,
  );
  return block(`upstream ${nginxUpstream(service.name)}`, [
    `zone ${nginxUpstream(service.name)} 128k;`,
    'least_conn;',
    ...weighed,
    // NGINX wants one server that is no backup.
    `server ${quoted(service.hold)} max_fails=0${members.length === 0 ? '' : ' backup'};`,
    'keepalive 128;',
    'keepalive_timeout 4s;',
    'keepalive_requests 1000000;',
  ]);
}

/** The file for an NGINX that the team runs itself: upstreams, and nothing else. */
export function renderNginxUpstreams(services: readonly NginxService[]): string {
  const head = [
    '# Written by Hale; changes are overwritten. Include it inside http { } and pass requests on with, for example:',
    '#   proxy_pass http://hale_SERVICE; proxy_http_version 1.1; proxy_set_header Connection "";',
  ];
  return `${[head, ...services.map(upstreamBlock)].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
