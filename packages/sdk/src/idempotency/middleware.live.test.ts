// One contract, five frameworks, one real PostgreSQL: an effect commits with its key, or not at all (INV-11).
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { test } from 'node:test';
import { serve } from '@hono/node-server';
import { Controller, Get, type MiddlewareConsumer, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import express from 'express';
import Fastify from 'fastify';
import { type Context, Hono } from 'hono';
import { expressIdempotency } from '../express.ts';
import { fastifyIdempotency } from '../fastify.ts';
import { honoIdempotency } from '../hono.ts';
import { nestIdempotency } from '../nestjs.ts';
import { checkMiddleware, type Rig, type TestContext } from './middleware.contract.ts';
import { nodeIdempotency } from './node-handler.ts';
import { skipWithoutPostgres, startTestDatabase } from './testing/database.ts';

const skip = skipWithoutPostgres();
const host = '127.0.0.1';

async function listening(server: Server): Promise<Server> {
  if (!server.listening) await once(server, 'listening');
  return server;
}

const bareNode: Rig = (idempotency, run) => {
  const keyed = nodeIdempotency(idempotency, async (req, res, context) => {
    if (context === undefined) return res.end('{"plain":true}');
    const { status, headers, body } = await run(req.url!.slice(1), JSON.parse(Buffer.from(context.body).toString()));
    res.writeHead(status, headers);
    res.write(body.slice(0, 3));
    return res.end(body.slice(3));
  });
  const server = createServer((req, res) => {
    keyed(req, res).catch(() => res.writeHead(500).end());
  });
  return listening(server.listen(0, host));
};

const onExpress: Rig = (idempotency, run) => {
  const app = express();
  app.use(express.json(), expressIdempotency(idempotency));
  app.get('/plain', (_req, res) => void res.json({ plain: true }));
  app.post('/:act', async (req, res) => {
    const { status, headers, body } = await run(req.params.act, req.body);
    res.status(status).set(headers).send(body);
  });
  const onError: express.ErrorRequestHandler = (_error, _req, res, _next) =>
    void res.status(500).json({ failed: true });
  app.use(onError);
  return listening(app.listen(0, host));
};

const onFastify: Rig = async (idempotency, run) => {
  const app = Fastify({ forceCloseConnections: true });
  await app.register(fastifyIdempotency, { idempotency });
  app.get('/plain', async () => ({ plain: true }));
  app.post<{ Params: { act: string } }>('/:act', async (request, reply) => {
    const { status, headers, body } = await run(request.params.act, request.body);
    return reply.code(status).headers(headers).send(body);
  });
  await app.listen({ port: 0, host });
  return app.server;
};

const onHono: Rig = (idempotency, run) => {
  const app = new Hono();
  app.use(honoIdempotency(idempotency));
  app.get('/plain', (c) => c.json({ plain: true }));
  app.post('/:act', async (c: Context) => {
    const { status, headers, body } = await run(c.req.param('act')!, await c.req.json());
    return c.body(body, status as 201, headers);
  });
  app.onError((_error, c) => c.json({ failed: true }, 500));
  return listening(serve({ fetch: app.fetch, port: 0, hostname: host }) as Server);
};

/** Decorators by hand: this repository runs TypeScript without compiling it. */
const onNest: Rig = async (idempotency, run) => {
  class Acts {
    plain() {
      return { plain: true };
    }
    async act(req: express.Request, res: express.Response) {
      const { status, headers, body } = await run(req.path.slice(1), req.body);
      res.status(status).set(headers).send(body);
    }
  }
  const method = (name: 'plain' | 'act') => Object.getOwnPropertyDescriptor(Acts.prototype, name)!;
  Controller()(Acts);
  Get('plain')(Acts.prototype, 'plain', method('plain'));
  Post(':act')(Acts.prototype, 'act', method('act'));
  Req()(Acts.prototype, 'act', 0);
  Res()(Acts.prototype, 'act', 1);
  class Shop {
    configure(consumer: MiddlewareConsumer) {
      consumer.apply(nestIdempotency(idempotency)).forRoutes('*path');
    }
  }
  Module({ controllers: [Acts] })(Shop);
  const app = await NestFactory.create(Shop, { logger: false });
  await app.listen(0, host);
  return app.getHttpServer() as Server;
};

const rigs: readonly (readonly [string, Rig])[] = [
  ['node:http', bareNode],
  ['Express', onExpress],
  ['Fastify', onFastify],
  ['Hono', onHono],
  ['NestJS', onNest],
];

test('the contract of keyed requests, in five frameworks', { skip }, async (t) => {
  const { url } = await startTestDatabase(t);
  for (const [name, rig] of rigs) await t.test(name, (t) => checkMiddleware(t as unknown as TestContext, rig, url));
});
