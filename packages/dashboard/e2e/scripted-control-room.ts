// A control room made of cardboard, for tests of the page alone: serves dist/ under the strictest content policy, asks for
// the token, answers the API from a scene, and pushes what the test tells it to. It can cut its streams and go dark.
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { FeedLine, Order } from '@hale/model';
import { type Scene, stampView } from './scenes.ts';

export const token = 'e2e-token';
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

export interface ScriptedControlRoom {
  readonly url: string;
  readonly scene: Scene;
  readonly orders: Order[];
  /** What the next orders are answered with; undefined accepts them. */
  refuseWith: { status: number; code: string; message: string; hint: string } | undefined;
  /** While true every request is cut off, as by a dead process. */
  dark: boolean;
  pushView(): void;
  pushTraffic(): void;
  pushFeed(lines: readonly FeedLine[]): void;
  cutStreams(): void;
  close(): Promise<void>;
}

export async function openScriptedControlRoom(scene: Scene, assets: string): Promise<ScriptedControlRoom> {
  const streams = new Set<ServerResponse>();
  const push = (name: string, value: unknown) => {
    for (const stream of streams) stream.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
  };
  const server = createServer((request, response) => {
    if (room.dark) {
      request.socket.destroy();
      return;
    }
    void answer(request, response, { room, streams, assets });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const room: ScriptedControlRoom = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    scene,
    orders: [],
    refuseWith: undefined,
    dark: false,
    pushView: () => push('view', stampView(scene)),
    pushTraffic: () => push('traffic', scene.traffic),
    pushFeed: (lines) => {
      for (const line of lines) push('feed', line);
    },
    cutStreams: () => {
      for (const stream of streams) stream.destroy();
      streams.clear();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return room;
}

interface Stage {
  readonly room: ScriptedControlRoom;
  readonly streams: Set<ServerResponse>;
  readonly assets: string;
}

async function answer(request: IncomingMessage, response: ServerResponse, stage: Stage): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const path = decodeURIComponent(url.pathname);
  if (!path.startsWith('/api/')) return serveAsset(response, { path, url, assets: stage.assets });
  if (!(request.headers.cookie ?? '').includes(`hale_token=${token}`)) {
    const body = { code: 'HALE_CONTROL_NO_TOKEN', message: 'A token is needed.', hint: 'Run: hale status' };
    return json(response, 401, body);
  }
  const { scene } = stage.room;
  const route = path.slice('/api/v1/'.length);
  if (route === 'system') return json(response, 200, stampView(scene));
  if (route === 'traffic') return json(response, 200, scene.traffic);
  if (route === 'feed') return json(response, 200, feedPage(scene, url));
  if (route.startsWith('logs/')) return json(response, 200, { lines: scene.logs[route.slice('logs/'.length)] ?? [] });
  if (route === 'stream') return openStream(response, stage);
  if (route === 'orders') return takeOrder(request, response, stage.room);
  const incident = scene.view.incidents.find((one) => route === `incidents/${one.id}`);
  if (incident !== undefined) return json(response, 200, incident);
  const hint = 'Run: hale incidents';
  json(response, 404, { code: 'HALE_CONTROL_NO_SUCH_INCIDENT', message: `There is no ${route}.`, hint });
}

function feedPage(scene: Scene, url: URL): readonly FeedLine[] {
  const limit = Number(url.searchParams.get('limit') ?? 100);
  const after = url.searchParams.get('after');
  return after === null
    ? scene.feed.slice(-limit)
    : scene.feed.filter((line) => line.seq > Number(after)).slice(0, limit);
}

function openStream(response: ServerResponse, { streams, room }: Stage): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(`event: view\ndata: ${JSON.stringify(stampView(room.scene))}\n\n`);
  streams.add(response);
  response.on('close', () => streams.delete(response));
}

async function takeOrder(request: IncomingMessage, response: ServerResponse, room: ScriptedControlRoom): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  if (room.refuseWith !== undefined) return json(response, room.refuseWith.status, room.refuseWith);
  room.orders.push((JSON.parse(body) as { order: Order }).order);
  json(response, 202, { id: 'order-1' });
}

async function serveAsset(
  response: ServerResponse,
  { path, url, assets }: { path: string; url: URL; assets: string },
): Promise<void> {
  const file = path === '/' ? '/index.html' : path;
  try {
    const body = await readFile(join(assets, file));
    const given = url.searchParams.get('token');
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy,
      ...(given === token ? { 'set-cookie': `hale_token=${token}; HttpOnly; SameSite=Strict; Path=/` } : {}),
    });
    response.end(body);
  } catch {
    json(response, 404, { code: 'HALE_CONTROL_NO_SUCH_PAGE', message: 'No such page.', hint: 'Open /' });
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
