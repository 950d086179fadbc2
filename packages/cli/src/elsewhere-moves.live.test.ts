// The failover of somebody else's server, as providers do it: a name stays, and the address behind it moves, late. First the primary dies and
// comes back as a standby while the name still leads to it; then a host vanishes without a word. A service with the SDK writes all
// the while: what it was told is done is there once, and what it was told is not done is not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresSupport } from '@hale/platform/postgres';
import { buildHouse, caughtUp, type House, type Node } from '@hale/platform/testing';
import { createSql, type Sql } from '@hale/sdk';

const support = await postgresSupport();
const skip =
  process.platform !== 'linux'
    ? 'needs more than one address of loopback'
    : support.ok || process.env['HALE_REQUIRE_REAL'] === '1'
      ? false
      : `${support.how}: ${support.hint}`;

const name = 'db.provider.test';

/** A host of the provider's: an address of its own, behind which a node of ours answers, until it vanishes. */
async function openHost(
  address: string,
  port: number,
  node: Node,
): Promise<{ vanish(): void; close(): void; port: number }> {
  const sockets = new Set<Socket>();
  let isGone = false;
  const server: Server = createServer((near) => {
    keep(sockets, near);
    // Of a host that is gone nothing is heard, not even a refusal.
    if (isGone) return;
    const far = dial(node.source.port, '127.0.0.1');
    keep(sockets, far);
    near.on('data', (bytes) => isGone || far.write(bytes));
    far.on('data', (bytes) => isGone || near.write(bytes));
    near.on('close', () => far.destroy());
    far.on('close', () => isGone || near.destroy());
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    vanish() {
      isGone = true;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A host that takes no calls: packets to it are lost, as far as a caller can tell. Its program stands still, and its queue is full. */
async function openVoid(t: TestContext, address: string, port: number): Promise<void> {
  const listen = `require('node:net').createServer().listen({ host: '${address}', port: ${port}, backlog: 1 }, () => console.log('there'))`;
  const program = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  const sockets = new Set<Socket>();
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    program.kill('SIGKILL');
  });
  await once(program.stdout, 'data');
  program.kill('SIGSTOP');
  // The kernel takes one more than was asked for, and answers nobody after them.
  for (let caller = 0; caller < 4; caller++) keep(sockets, dial(port, address));
  await sleep(200);
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
}

/** The provider's name server, for this process. */
function openNames(): { lead(address: string): void; asked(): number; close(): void } {
  const real = dns.lookup;
  let leads = '';
  let asked = 0;
  const lookup = (host: string, options: dns.LookupOptions, done: (...told: unknown[]) => void) => {
    if (host !== name) return real(host, options, done as never);
    asked++;
    const found = options.all === true ? [[{ address: leads, family: 4 }]] : [leads, 4];
    process.nextTick(done, null, ...found);
    return undefined;
  };
  Object.assign(dns, { lookup });
  return {
    lead(address) {
      leads = address;
    },
    asked: () => asked,
    close: () => void Object.assign(dns, { lookup: real }),
  };
}

interface Diary {
  readonly acked: Set<number>;
  /** By the code of the error. */
  readonly failed: Map<number, string>;
  leave(): Promise<void>;
}

let next = 1;

function write(sql: Sql, timeoutMs: number): Diary {
  const diary = { acked: new Set<number>(), failed: new Map<number, string>() };
  let isOpen = true;
  const writer = async () => {
    for (; isOpen; await sleep(5)) {
      const id = next++;
      await sql.query('insert into ledger values ($1)', [id], { timeoutMs }).then(
        () => diary.acked.add(id),
        (error: { code?: string }) => diary.failed.set(id, String(error.code)),
      );
    }
  };
  const writers = [1, 2, 3].map(writer);
  return {
    ...diary,
    async leave() {
      isOpen = false;
      await Promise.all(writers);
    },
  };
}

describe('a server of somebody else’s whose address moves', { skip }, () => {
  let house: House;
  const nodes: Node[] = [];
  const hosts: Awaited<ReturnType<typeof openHost>>[] = [];
  let names: ReturnType<typeof openNames>;
  let sql: Sql;
  const host = (at: number) => hosts[at] ?? assert.fail();
  const node = (at: number) => nodes[at] ?? assert.fail();
  const until = async (what: string, holds: () => boolean) => {
    for (let left = 60_000; !holds(); left -= 20) {
      assert.ok(left > 0, `in vain: ${what}`);
      await sleep(20);
    }
  };
  const open = (connections: number) => {
    const { user, password } = node(0).source;
    const url = `postgres://${user}:${password}@${name}:${host(0).port}/postgres`;
    return createSql(undefined, { url, connections });
  };
  /** Every acknowledged write waits for the other one, as providers have it. */
  const waitsForTheOther = async (primary: Node) => {
    await primary.query(`alter system set synchronous_standby_names = '*'`);
    await primary.query('select pg_reload_conf()');
  };
  const audit = async (primary: Node, diary: Diary) => {
    const there = new Set((await primary.query<{ id: string }>('select id from ledger')).map(({ id }) => Number(id)));
    assert.deepEqual(
      [...diary.acked].filter((id) => !there.has(id)),
      [],
      'acknowledged and lost',
    );
    const undone = [...diary.failed].filter(([, code]) => code !== 'HALE_SDK_SQL_UNKNOWN');
    assert.deepEqual(
      undone.filter(([id]) => there.has(id)),
      [],
      'told undone, and done',
    );
  };

  before(async () => {
    house = await buildHouse();
    nodes.push(await house.primary('a'), await house.node('b'));
    await node(0).query('create table ledger (id bigint primary key)');
    await house.copy(node(0), node(1));
    await waitsForTheOther(node(0));
    hosts.push(await openHost('127.0.0.2', 0, node(0)));
    hosts.push(await openHost('127.0.0.3', host(0).port, node(1)));
    names = openNames();
    names.lead('127.0.0.2');
    sql = open(3);
  });
  after(async () => {
    await sql?.close();
    names?.close();
    for (const one of hosts) one.close();
    await house?.close();
  });

  test('the primary dies, returns as a standby, and the name follows late: nothing fails, nothing is lost or doubled', async (t) => {
    const diary = write(sql, 60_000);
    t.after(() => diary.leave());
    await until('writes', () => diary.acked.size > 20);
    await node(0).end('SIGKILL');
    await node(1).query('select pg_promote(true)');
    // The name still leads to the old one, which answers and takes no writes.
    await house.copy(node(1), node(0));
    await waitsForTheOther(node(1));
    const refused = await sql.read((tx) => tx.query('select pg_is_in_recovery() as standby'));
    assert.deepEqual(refused.rows, [{ standby: true }]);
    const before = diary.acked.size;
    names.lead('127.0.0.3');
    await until('writes to the new one', () => diary.acked.size > before + 20);
    await diary.leave();
    t.diagnostic(`${diary.acked.size} acknowledged, ${diary.failed.size} failed`);
    assert.deepEqual([...diary.failed], []);
    await audit(node(1), diary);
  });

  test('who was led to a standby finds the primary when the name leads there, although no connection broke', async (t) => {
    const late = open(1);
    t.after(() => late.close());
    names.lead('127.0.0.2');
    const { rows } = await late.read((tx) => tx.query('select pg_is_in_recovery() as standby'));
    assert.deepEqual(rows, [{ standby: true }]);
    await assert.rejects(late.query('truncate ledger', [], { timeoutMs: 200 }), { code: 'HALE_SDK_SQL_TIMEOUT' });
    names.lead('127.0.0.3');
    await late.query('truncate ledger', [], { timeoutMs: 30_000 });
  });

  test('a host that takes no call is left after seconds, and who waited is led to the next one', async (t) => {
    await openVoid(t, '127.0.0.4', host(0).port);
    const caller = open(1);
    t.after(() => caller.close());
    names.lead('127.0.0.4');
    const asked = names.asked();
    // Less than the driver gives a connection that was taken: a relay may hold one for as long.
    const done = caller.query('select 1', [], { timeoutMs: 10_000 });
    done.catch(() => {});
    await until('the call', () => names.asked() > asked);
    names.lead('127.0.0.3');
    await done;
  });

  test('a host vanishes without a word: each waits no longer than it was told to, and then the new one is found', async (t) => {
    const diary = write(sql, 1_500);
    t.after(() => diary.leave());
    await until('writes', () => diary.acked.size > 20);
    await caughtUp(node(0), node(1));
    host(1).vanish();
    await until('somebody to be told', () => diary.failed.size > 0);
    await node(1).end('SIGKILL');
    await node(0).query('alter system reset synchronous_standby_names');
    await node(0).query('select pg_promote(true)');
    const before = diary.acked.size;
    names.lead('127.0.0.2');
    await until('writes to the new one', () => diary.acked.size > before + 20);
    await diary.leave();
    t.diagnostic(`${diary.acked.size} acknowledged; not: ${JSON.stringify([...new Set(diary.failed.values())])}`);
    for (const code of diary.failed.values()) assert.match(code, /^HALE_SDK_SQL_(TIMEOUT|UNKNOWN)$/);
    await audit(node(0), diary);
  });
});
