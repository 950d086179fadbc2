// Clients of another age and bodies of odd shape against a real worker: HTTP/1.0, trailers, chunks, answers that end with their connection.
// Request trailers are not passed on (RFC 9110 section 6.5.1 leaves that to an intermediary); the fields that announce them go too.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { createRig, type Rig, sendRaw, until } from './worker-rig.ts';

/** What the replica was last sent. */
let seen = { fields: [] as string[], body: '' };

const replica: RequestListener = (req, res) => {
  seen = { fields: req.rawHeaders.map((each) => each.toLowerCase()), body: '' };
  req.on('data', (chunk) => {
    seen.body += String(chunk);
  });
  req.on('end', () => {
    if (req.method === 'HEAD') {
      req.socket.end('HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n');
    } else if (req.url === '/trailers') {
      res.writeHead(200, { Trailer: 'X-Sum' });
      res.write('abc');
      res.addTrailers({ 'X-Sum': '42' });
      res.end();
    } else if (req.url === '/chunks') {
      res.write('abc', () => res.end('def'));
    } else if (req.url === '/until-the-end') {
      req.socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end');
    } else res.end('plain');
  });
};

const close = 'Host: h\r\nConnection: close\r\n';
const chunked = `${close}Transfer-Encoding: chunked\r\n`;

/** Request, and what its answer must look like. */
const table: Readonly<Record<string, readonly [string, RegExp]>> = {
  'HTTP/1.0: closed after the answer, no Host needed': [
    'GET / HTTP/1.0\r\n\r\n',
    /^HTTP\/1.1 200 [\s\S]*connection: close[\s\S]*\r\n\r\nplain$/i,
  ],
  'HTTP/1.0: chunks are put together': [
    'GET /chunks HTTP/1.0\r\n\r\n',
    /^HTTP\/1.1 200 (?![\s\S]*transfer-encoding)[\s\S]*\r\n\r\nabcdef$/i,
  ],
  'HTTP/1.0: trailers are left out': [
    'GET /trailers HTTP/1.0\r\n\r\n',
    /^HTTP\/1.1 200 (?![\s\S]*trailer)[\s\S]*\r\n\r\nabc$/i,
  ],
  'response trailers follow the body': [
    `GET /trailers HTTP/1.1\r\n${close}TE: trailers\r\n\r\n`,
    /trailer: x-sum[\s\S]*\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 42\r\n\r\n$/i,
  ],
  'HEAD of an answer with trailers': [
    `HEAD /trailers HTTP/1.1\r\n${close}\r\n`,
    /^HTTP\/1.1 200 (?![\s\S]*trailer)[\s\S]*\r\n\r\n$/i,
  ],
  'an answer that ends with its connection': [
    `GET /until-the-end HTTP/1.1\r\n${close}\r\n`,
    /\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n$/,
  ],
  'two requests in one packet are answered in order': [
    `GET /chunks HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n${close}\r\n`,
    /def\r\n0\r\n\r\nHTTP\/1.1 200 [\s\S]*\r\n\r\nplain$/,
  ],
};

/** Request, and the body that the replica must get. */
const bodies: Readonly<Record<string, readonly [string, string]>> = {
  'HTTP/1.0 POST': ['POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc', 'abc'],
  'request trailers are not passed on': [
    `POST / HTTP/1.1\r\n${chunked}Trailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`,
    'abc',
  ],
  'chunk extensions': [`PUT / HTTP/1.1\r\n${chunked}\r\n3;a=b\r\nabc\r\n0\r\n\r\n`, 'abc'],
  'sizes in capitals with zeros before': [
    `PUT / HTTP/1.1\r\n${chunked}\r\n000A\r\nabcdefghij\r\n0\r\n\r\n`,
    'abcdefghij',
  ],
  'a GET with chunks': [`GET / HTTP/1.1\r\n${chunked}\r\n3\r\nabc\r\n0\r\n\r\n`, 'abc'],
  'a DELETE with a body': [`DELETE / HTTP/1.1\r\n${close}Content-Length: 3\r\n\r\nabc`, 'abc'],
  'a PUT of nothing': [`PUT / HTTP/1.1\r\n${close}Content-Length: 0\r\n\r\n`, ''],
};

describe('gateway, old clients and odd bodies', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig();
    const app = await rig.replica(replica);
    rig.publish([app]);
    await until(() => rig.stats().replicas[app.incarnation] !== undefined, 'the worker has read the table');
  });
  after(() => rig.close());

  for (const [name, [request, answer]] of Object.entries(table)) {
    test(name, async () => assert.match(await sendRaw(rig.port, request), answer));
  }

  for (const [name, [request, body]] of Object.entries(bodies)) {
    test(name, async () => {
      assert.match(await sendRaw(rig.port, request), /^HTTP\/1.1 200 /);
      assert.equal(seen.body, body);
      for (const gone of ['trailer', 'x-t']) assert.ok(!seen.fields.includes(gone), gone);
    });
  }
});
