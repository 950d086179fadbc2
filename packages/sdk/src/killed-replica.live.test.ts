// Real processes, one of them killed for good (SIGKILL) under load: no call that may be repeated fails, and the breaker, which is about the
// service, does not stir.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { createClient } from './client.ts';

const program = `
  const { createService } = await import(process.argv[1]);
  const service = createService('it');
  const { port } = await service.listen((req, res) => setTimeout(() => res.end(req.method), 5));
  process.stdout.write(port + '\\n');`;

async function start(t: TestContext): Promise<{ child: ChildProcess; port: string }> {
  const module = new URL('./index.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, module], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0' },
  });
  t.after(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, port: String(said).trim() };
}

test('a replica is killed under load: nothing fails', { timeout: 30_000 }, async (t) => {
  const [stays, dies] = await Promise.all([start(t), start(t)]);
  const client = createClient({
    service: 'it',
    env: {},
    endpoints: [stays.port, dies.port].map((port) => `http://127.0.0.1:${port}`),
  });
  t.after(() => client.close());
  const from = new Map<string, number>();
  let isOver = false;
  const caller = async (n: number) => {
    for (let i = 0; !isOver; i++) {
      const post = { json: {}, idempotencyKey: `${n}-${i}` };
      const reply = await client.fetch('/', i % 2 === 0 ? {} : post);
      assert.deepEqual([reply.status, await reply.text()], [200, i % 2 === 0 ? 'GET' : 'POST']);
      from.set(reply.from, (from.get(reply.from) ?? 0) + 1);
    }
  };
  const callers = Promise.all(Array.from({ length: 8 }, (_, n) => caller(n)));
  const until = async (isMet: () => boolean) => {
    while (!isMet()) await Promise.race([callers, new Promise((resolve) => setTimeout(resolve, 5))]);
  };
  const victim = `http://127.0.0.1:${dies.port}`;
  await until(() => (from.get(victim) ?? 0) > 50);
  dies.child.kill('SIGKILL');
  await once(dies.child, 'exit');
  const others = from.get(`http://127.0.0.1:${stays.port}`) ?? 0;
  await until(() => (from.get(`http://127.0.0.1:${stays.port}`) ?? 0) > others + 200);
  isOver = true;
  await callers;
  assert.equal(client.snapshot().breaker?.kind, 'closed');
});
