// The URL that services get: what is special is escaped, whole and only here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { superuserUrl } from './connection.ts';
import { serverArguments } from './settings.ts';

test('a password and a database with special characters survive the URL', () => {
  const url = new URL(superuserUrl({ port: 5433, password: 'a/b@c:d', database: 'my shop' }));
  assert.deepEqual(
    [url.hostname, url.port, decodeURIComponent(url.password), decodeURIComponent(url.pathname), url.username],
    ['127.0.0.1', '5433', 'a/b@c:d', '/my shop', 'hale'],
  );
});

test('the command line of the server: loopback only, and no socket where none can be', () => {
  const line = serverArguments({ pgdata: '/d', port: 5433, socketFolder: undefined, name: 'shop-db' }).join(' ');
  assert.match(
    line,
    /^-D \/d -p 5433 -c listen_addresses=127\.0\.0\.1 -c unix_socket_directories= -c cluster_name=shop-db/,
  );
});
