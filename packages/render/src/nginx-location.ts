// What happens to a request behind one of NGINX's doors: which service it belongs to, what is written on its envelope, whether it may be sent
// a second time. The longest prefix wins and ends where a segment ends: '/orders' is no way to '/ordersx'.
import type { NginxInput, NginxListener } from './nginx.ts';
import { type NginxService, nginxUpstream } from './nginx-upstream.ts';
import { block, quoted } from './nginx-words.ts';

/** An upgrade (WebSocket) takes another way: it is quiet for as long as it likes, and is never sent twice. */
const upgradeIdleMax = '1h';
const upgradeStatus = 418;
const lastStatus = 419;

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
    "if ($hale_patience = '') { return 400; }",
    ...routes.flatMap(({ prefix, service }) => locationsOf({ prefix, service }, input)),
    ...(hasRoot ? [] : block('location /', ['return 404;'])),
    ...services.flatMap((service) => [...upgradeLocation(service), ...lastLocation(service, input)]),
    ...Object.entries(input.answers).flatMap(([status, body]) =>
      block(`location @hale_${status}`, ['default_type application/json;', `return ${status} ${quoted(body)};`]),
    ),
  ];
}

function errorPages(input: NginxInput): string[] {
  return Object.keys(input.answers).map((status) => `error_page ${status} @hale_${status};`);
}

type Route = { readonly prefix: string; readonly service: NginxService };

function locationsOf({ prefix, service }: Route, input: NginxInput): string[] {
  const lines = [
    // A list of its own replaces the server's, so it is said again.
    ...errorPages(input),
    `error_page ${upgradeStatus} = @upgrade_${service.name};`,
    `if ($http_upgrade) { return ${upgradeStatus}; }`,
    `error_page ${lastStatus} = @last_${service.name};`,
    `if (-f ${quoted(input.closingFile)}) { return ${lastStatus}; }`,
    ...pass(service),
  ];
  if (prefix === '/') return block('location /', lines);
  return [...block(`location = ${quoted(prefix)}`, lines), ...block(`location ^~ ${quoted(`${prefix}/`)}`, lines)];
}

/** The last answer on its connection. */
function lastLocation(service: NginxService, input: NginxInput): string[] {
  return block(`location @last_${service.name}`, [...errorPages(input), 'keepalive_timeout 0;', ...pass(service)]);
}

function pass(service: NginxService): string[] {
  return [
    // The keys of a service that enforces them make every request safe to repeat.
    ...(service.idempotencyKeys ? ['proxy_next_upstream error timeout non_idempotent;'] : []),
    ...envelope(service),
    'proxy_set_header Connection "";',
    `proxy_pass http://${nginxUpstream(service.name)};`,
  ];
}

function envelope(service: NginxService): string[] {
  return [
    'proxy_set_header Host $hale_host;',
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    'proxy_set_header X-Forwarded-Proto $hale_proto;',
    'proxy_set_header X-Forwarded-Host $hale_forwarded_host;',
    'proxy_set_header X-Hale-Timeout-Ms $hale_patience;',
    ...(service.idempotencyKeys ? ['proxy_set_header Idempotency-Key $hale_key;'] : []),
  ];
}

function upgradeLocation(service: NginxService): string[] {
  return block(`location @upgrade_${service.name}`, [
    `proxy_read_timeout ${upgradeIdleMax};`,
    `proxy_send_timeout ${upgradeIdleMax};`,
    ...envelope(service),
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection upgrade;',
    `proxy_pass http://${nginxUpstream(service.name)};`,
  ]);
}
