// Five real processes in a row, each allowed three retries, and the last one dies: what reaches it is counted there. Breakers are off, so that only the
// purse of the request and the window of each hop hold back what would else be 4^4 = 256 requests for each one offered.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';

const hop = `
  const { createService } = await import(process.argv[1]);
  const service = createService('hop');
  const next = service.client('next', { triesMax: 4, policy: { breaker: false } });
  const { port } = await service.listen(async (req, res) => {
    const status = await next.fetch('/').then((reply) => reply.status, () => 502);
    res.writeHead(status).end();
  });
  process.stdout.write(port + '\\n');`;

const leaf = `
  const { createServer } = await import('node:http');
  let isDead = false;
  let asked = 0;
  const server = createServer((req, res) => {
    if (req.url === '/die') isDead = true;
    if (req.url !== '/') return res.end(String(asked));
    if (isDead) asked++;
    res.writeHead(isDead ? 503 : 200).end();
  }).listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));`;

/** Starts a program; gives where it listens. */
async function start(t: TestContext, program: string, next: string | undefined): Promise<string> {
  const module = new URL('./index.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, module], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', HALE_ENDPOINTS_NEXT: next },
  });
  t.after(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
  return `http://127.0.0.1:${String(said).trim()}`;
}

test('a chain of five with three retries each, and a dead leaf: at most 1.2 x what is offered reaches it', {
  timeout: 60_000,
}, async (t) => {
  const end = await start(t, leaf, undefined);
  let first = end;
  for (let i = 0; i < 4; i++) first = await start(t, hop, first);
  // A user with a browser: nothing is said of patience or purse.
  const ask = async () => {
    const answer = await fetch(first);
    await answer.arrayBuffer();
    return answer.ok;
  };
  const offer = async (count: number): Promise<number> => {
    let left = count;
    let good = 0;
    const caller = async () => {
      while (left-- > 0) if (await ask()) good++;
    };
    await Promise.all(Array.from({ length: 16 }, caller));
    return good;
  };
  // The first call of a process loads what calls need.
  for (let tries = 0; tries < 10 && !(await ask()); tries++);
  assert.ok((await offer(400)) > 360, 'a warm chain');
  await (await fetch(`${end}/die`)).text();
  const offered = 1500;
  assert.equal(await offer(offered), 0);
  const reached = Number(await (await fetch(`${end}/asked`)).text());
  t.diagnostic(`${reached} requests reached the dead leaf for ${offered} offered: ${(reached / offered).toFixed(3)} x`);
  assert.ok(reached >= offered && reached <= 1.2 * offered, `${reached} of ${offered}`);
});
