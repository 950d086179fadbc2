// What HAProxy answers, as it is and as it must not be believed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoLine, parseSeats, parseStat } from './stat-table.ts';

const head = '# pxname,svname,qcur,scur,stot,econ,eresp,wretr,hrsp_2xx,hrsp_5xx,req_tot,ttime,last_chk,';
const failed = { code: 'HALE_PLATFORM_PROXY_FAILED' };

test('rows of show stat, with commas inside quotes and empty cells', () => {
  const rows = parseStat(
    [head, 'public,FRONTEND,,2,9,,,,7,1,40,,,', 'service-app,slot1,1,3,12,4,5,6,8,2,,17,"a, b ""c""",', ''].join('\n'),
  );
  assert.equal(rows[0]!.requests, 40);
  const { server, requests, inFlight, queued, connectErrors, responseErrors, retries, answers, errors5xx, meanMs } =
    rows[1]!;
  assert.deepEqual(
    { server, requests, inFlight, queued, connectErrors, responseErrors, retries, answers, errors5xx, meanMs },
    {
      server: 'slot1',
      requests: 12,
      inFlight: 3,
      queued: 1,
      connectErrors: 4,
      responseErrors: 5,
      retries: 6,
      answers: 10,
      errors5xx: 2,
      meanMs: 17,
    },
  );
});

test('answers that are no table are said as such', () => {
  const hostile = [
    '',
    'Unknown command.',
    '<html>',
    '# pxname,svname\na,b',
    `${head}\npublic,FRONTEND,0,1`,
    `${head}\npublic,slot1,0,-1,1,0,0,0,0,0,0,0,,`,
    `${head}\npublic,slot1,0,many,1,0,0,0,0,0,0,0,,`,
    `${head}\npublic,slot1,0,Infinity,1,0,0,0,0,0,0,0,,`,
  ];
  for (const text of hostile) assert.throws(() => parseStat(text), failed, JSON.stringify(text));
});

const seatHead = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port';

test('chairs of show servers state, and who may be asked', () => {
  const admins = [0, 1, 4, 5, 8, 16, 32, 64].map(
    (mask, at) => `3 service-app ${at} slot${at} 127.0.0.1 2 ${mask} 100 4001`,
  );
  const seats = parseSeats(['1', seatHead, ...admins, ''].join('\n'));
  assert.deepEqual(
    seats.map(({ admin }) => admin),
    ['ready', 'maint', 'maint', 'maint', 'drain', 'drain', 'maint', 'ready'],
  );
  assert.deepEqual(seats[0], {
    backend: 'service-app',
    server: 'slot0',
    address: '127.0.0.1',
    port: 4001,
    weight: 100,
    admin: 'ready',
  });
  for (const text of ['', '2\n', '1\nnonsense', '1\n# be_name\nx', `1\n${seatHead}\n3 service-app 1`]) {
    assert.throws(() => parseSeats(text), failed, JSON.stringify(text));
  }
});

test('lines of show info', () => {
  assert.equal(infoLine('Name: HAProxy\nPid: 17\n', 'Pid'), '17');
  assert.equal(infoLine('Pids: 17\n', 'Pid'), undefined);
});
