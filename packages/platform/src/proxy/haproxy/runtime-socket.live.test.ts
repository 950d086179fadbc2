// The speaking tube with somebody rude at the other end.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { askHaproxy, orderHaproxy } from './runtime-socket.ts';

const failed = { code: 'HALE_PLATFORM_PROXY_FAILED' };

async function withPeer(
  answer: (socket: Socket, heard: string) => void,
  body: (path: string, heard: string[]) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hale-tube-'));
  const path = join(folder, 'a.sock');
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (chunk) => {
      heard.push(String(chunk));
      answer(socket, String(chunk));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    await body(path, heard);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('silence, a flood, a hang-up and a missing socket are failures', async () => {
  const ask = (path: string) => askHaproxy({ socket: path, command: 'show stat', timeoutMs: 50, bytesMax: 1000 });
  await withPeer(
    () => undefined,
    (path) => assert.rejects(ask(path), failed),
  );
  await withPeer(
    (socket) => socket.write('x'.repeat(5000)),
    (path) => assert.rejects(ask(path), failed),
  );
  await withPeer(
    (socket) => socket.destroy(),
    (path) => assert.rejects(ask(path), failed),
  );
  await assert.rejects(ask('/nonexistent/a.sock'), failed);
});

test('a refused order throws with the words of the program; information does not', async () => {
  const say = (words: string) => (socket: Socket) => void socket.end(words);
  await withPeer(say('\n[3]:No such server.\n\n'), (path) =>
    assert.rejects(askHaproxy({ socket: path, command: 'set server a/b state ready' }), {
      ...failed,
      message: /No such server/,
    }),
  );
  await withPeer(say('[6]:port changed\n'), async (path) => {
    assert.match(await askHaproxy({ socket: path, command: 'set server a/b addr ::1 port 1' }), /port changed/);
  });
});

test('many orders go out in their order, few connections, and a payload has no empty line in it', async () => {
  await withPeer(
    (socket) => void socket.end('\n'),
    async (path, heard) => {
      const orders = Array.from({ length: 500 }, (_, at) => `set server service-app/slot${at} state ready`);
      await orderHaproxy(path, orders);
      assert.ok(heard.length > 1 && heard.length < 10);
      assert.deepEqual(
        heard.flatMap((line) => line.trim().split('; ').slice(1)),
        orders,
      );
      await askHaproxy({ socket: path, command: 'set ssl cert a', payload: 'one\n\n two\n\n' });
      assert.equal(heard.at(-1), 'set severity-output number; set ssl cert a <<\none\n two\n\n');
    },
  );
});
