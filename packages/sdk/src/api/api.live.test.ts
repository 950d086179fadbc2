// The same API served by a bare node:http server, by Express and by Fastify: one body of questions over all three, on a real socket.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import express from 'express';
import Fastify from 'fastify';
import { z } from 'zod';
import { api } from './definition.ts';
import { mountApi } from './fastify.ts';
import { apiHandler } from './handler.ts';

const tills = api({
  charge: { in: z.object({ cents: z.int() }), out: z.object({ receipt: z.string() }) },
  find: { method: 'GET', path: '/receipts/{id}', in: z.object({ id: z.string() }), out: z.object({ id: z.string() }) },
});
const implementation = {
  charge: ({ cents }: { cents: number }) => ({ receipt: `r${cents}` }),
  find: ({ id }: { id: string }) => ({ id }),
};

const hosts: Readonly<Record<string, () => Promise<{ url: string; close: () => Promise<unknown> }>>> = {
  async 'node:http'() {
    const server = createServer(apiHandler(tills, implementation, { bodyBytesMax: 1000 }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => new Promise((resolve) => server.close(resolve)),
    };
  },
  async express() {
    const app = express();
    app.set('env', 'test');
    app.use(express.json({ limit: 1000 }));
    app.use(apiHandler(tills, implementation));
    app.get('/own', (_req, res) => void res.send('own'));
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => new Promise((resolve) => server.close(resolve)),
    };
  },
  async fastify() {
    const app = Fastify({ bodyLimit: 1000 });
    mountApi(app, { api: tills, implementation });
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
  },
};

for (const [name, open] of Object.entries(hosts)) {
  test(`an API on ${name}`, async () => {
    const { url, close } = await open();
    const post = (body: string) =>
      fetch(`${url}/charge`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', connection: 'close' },
      });
    try {
      assert.deepEqual(await (await post('{"cents":5}')).json(), { receipt: 'r5' });
      const refused = await post('{"cents":"5"}');
      assert.equal(refused.status, 400);
      assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'HALE_SDK_API_INPUT');
      assert.equal((await post(`{"cents":${'1'.repeat(2000)}}`)).status, 413);
      const found = await fetch(`${url}/receipts/a%20b`, { headers: { connection: 'close' } });
      assert.deepEqual(await found.json(), { id: 'a b' });
      const described = await fetch(`${url}/openapi.json`, { headers: { connection: 'close' } });
      assert.equal(((await described.json()) as { openapi: string }).openapi, '3.1.0');
      if (name === 'express')
        assert.equal(await (await fetch(`${url}/own`, { headers: { connection: 'close' } })).text(), 'own');
    } finally {
      await close();
    }
  });
}
