// What happens to a request behind one of NGINX's doors: which service it belongs to, what is written on its envelope, whether it may be sent
// a second time. The longest prefix wins and ends where a segment ends: '/orders' is no way to '/ordersx'. A usual request goes straight on;
// whatever is odd about it (an upgrade, a patience of its own, a proxy before us, HTTP/1.0) is asked in a second room, so that usual ones pay for nothing.
import type { NginxInput, NginxListener } from './nginx.ts';
import { type NginxService, nginxUpstream } from './nginx-upstream.ts';
import { block, quoted } from './nginx-words.ts';

/** An upgrade (WebSocket) takes another way: it is quiet for as long as it likes, and is never sent twice. */
const upgradeIdleMax = '1h';
/** Statuses that never leave the program: ways from one room to the next. */
const oddStatus = 418;
const upgradeStatus = 419;
const lastStatus = 420;

export function locations(listener: NginxListener, input: NginxInput): string[] {
  const byName = new Map(input.services.map((service) => [service.name, service]));
  const wanted = listener.kind === 'service' ? [{ prefix: '/', service: listener.service }] : input.routes;
  const routes = wanted.flatMap(({ prefix, service: name }) => {
    const service = byName.get(name);
    return service === undefined ? [] : [{ prefix, service }];
  });
  const services = [...new Set(routes.map((route) => route.service))];
  const hasRoot = routes.some((route) => route.prefix === '/');
  return [
    ...errorPages(input),
    ...routes.flatMap((route) => usualLocations(route, input)),
    ...(hasRoot ? [] : block('location /', ['return 404;'])),
    ...services.flatMap((service) => [
      ...oddLocation(service, input),
      ...upgradeLocation(service),
      ...lastLocation(service, input),
    ]),
    ...Object.entries(input.answers).flatMap(([status, body]) =>
      block(`location @hale_${status}`, ['default_type application/json;', `return ${status} ${quoted(body)};`]),
    ),
  ];
}

function errorPages(input: NginxInput): string[] {
  return Object.keys(input.answers).map((status) => `error_page ${status} @hale_${status};`);
}

function closing(service: NginxService, input: NginxInput): string[] {
  return [
    `error_page ${lastStatus} = @last_${service.name};`,
    `if (-f ${quoted(input.closingFile)}) { return ${lastStatus}; }`,
  ];
}

type Route = { readonly prefix: string; readonly service: NginxService };

function usualLocations({ prefix, service }: Route, input: NginxInput): string[] {
  const lines = [
    // A list of its own replaces the server's, so it is said again.
    ...errorPages(input),
    `error_page ${oddStatus} = @odd_${service.name};`,
    `if ($hale_odd) { return ${oddStatus}; }`,
    ...(input.lookEvery === 1 ? closing(service, input) : []),
    ...envelope(service, {
      host: '$http_host',
      proto: '$scheme',
      forwardedHost: '$http_host',
      patience: String(input.timeoutMs),
    }),
    ...pass(service),
  ];
  if (prefix === '/') return block('location /', lines);
  return [...block(`location = ${quoted(prefix)}`, lines), ...block(`location ^~ ${quoted(`${prefix}/`)}`, lines)];
}

function oddLocation(service: NginxService, input: NginxInput): string[] {
  return block(`location @odd_${service.name}`, [
    ...errorPages(input),
    "if ($hale_patience = '') { return 400; }",
    `error_page ${upgradeStatus} = @upgrade_${service.name};`,
    `if ($http_upgrade) { return ${upgradeStatus}; }`,
    ...closing(service, input),
    ...envelope(service, asked),
    ...pass(service),
  ]);
}

/** The last answer on its connection. */
function lastLocation(service: NginxService, input: NginxInput): string[] {
  return block(`location @last_${service.name}`, [
    ...errorPages(input),
    'keepalive_timeout 0;',
    ...envelope(service, asked),
    ...pass(service),
  ]);
}

function pass(service: NginxService): string[] {
  return [
    // The keys of a service that enforces them make every request safe to repeat.
    ...(service.idempotencyKeys ? ['proxy_next_upstream error timeout non_idempotent;'] : []),
    'proxy_set_header Connection "";',
    `proxy_pass http://${nginxUpstream(service.name)};`,
  ];
}

interface Envelope {
  readonly host: string;
  readonly proto: string;
  readonly forwardedHost: string;
  readonly patience: string;
}

/** What somebody before us wrote stays; each costs a look at all of the request's header fields. */
const asked: Envelope = {
  host: '$hale_host',
  proto: '$hale_proto',
  forwardedHost: '$hale_forwarded_host',
  patience: '$hale_patience',
};

function envelope(service: NginxService, { host, proto, forwardedHost, patience }: Envelope): string[] {
  return [
    `proxy_set_header Host ${host};`,
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    `proxy_set_header X-Forwarded-Proto ${proto};`,
    `proxy_set_header X-Forwarded-Host ${forwardedHost};`,
    `proxy_set_header X-Hale-Timeout-Ms ${patience};`,
    ...(service.idempotencyKeys ? ['proxy_set_header Idempotency-Key $hale_key;'] : []),
  ];
}

function upgradeLocation(service: NginxService): string[] {
  return block(`location @upgrade_${service.name}`, [
    `proxy_read_timeout ${upgradeIdleMax};`,
    `proxy_send_timeout ${upgradeIdleMax};`,
    ...envelope(service, asked),
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection upgrade;',
    `proxy_pass http://${nginxUpstream(service.name)};`,
  ]);
}
