// NGINX at the door that speaks TLS, behind a whole pilot: both protocols, a certificate that is renewed under way, one that is broken. And how the
// program ends: with the system, never with its pilot alone.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CertificateFiles } from '../gateway/certificate.ts';
import { makeCertificate, withoutOpenssl } from '../gateway/certificate-rig.ts';
import { until } from '../gateway/worker-rig.ts';
import { identify } from '../keeper/proc-identity.ts';
import { announceDown } from './going-down.ts';
import { createPilotRig, nginxAbsent, type PilotRig } from './pilot-rig.ts';
import { overTls } from './tls-guest.ts';

const seen: RequestListener = (req, res) => res.end(JSON.stringify(req.headers));

describe('nginx and TLS', { skip: nginxAbsent ?? withoutOpenssl() }, () => {
  let rig: PilotRig;
  let folder: string;
  let files: CertificateFiles;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hale-nt-'));
    files = makeCertificate(folder, 'first');
    rig = await createPilotRig({ tls: files });
    rig.publish([await rig.replica('app', seen)]);
    await rig.fly();
  });
  after(async () => {
    await rig.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('HTTP/1.1 and HTTP/2, and the replica is told', async () => {
    for (const protocol of ['h2', 'http/1.1'] as const) {
      const visit = await overTls(rig.tlsPort, protocol);
      assert.deepEqual([visit.subject, visit.protocol], ['first', protocol]);
      const headers = JSON.parse(visit.text) as Record<string, string>;
      assert.deepEqual([headers['x-forwarded-proto'], headers['x-hale-timeout-ms']], ['https', '10000']);
    }
  });

  test('a renewed certificate is taken live, a broken one leaves the good one', async () => {
    const master = rig.masterPid();
    const next = makeCertificate(folder, 'second');
    renameSync(next.keyFile, files.keyFile);
    renameSync(next.certFile, files.certFile);
    await until(async () => (await overTls(rig.tlsPort, 'h2').catch(() => undefined))?.subject === 'second', 'renewed');
    writeFileSync(files.keyFile, 'no key');
    await until(() => rig.said().includes('HALE_PLATFORM_GATEWAY_TLS'), 'the pilot says that it is broken');
    assert.equal((await overTls(rig.tlsPort, 'http/1.1')).subject, 'second');
    assert.equal(rig.masterPid(), master);
  });
});

describe('the end of an nginx', { skip: nginxAbsent }, () => {
  test('a pilot that is only replaced leaves it running; with the system it ends, after what is under way', async () => {
    const rig = await createPilotRig();
    try {
      let finish: (() => void) | undefined;
      const app = await rig.replica('app', (req, res) => {
        if (req.url === '/slow') finish = () => res.end('finished');
        else res.end('app');
      });
      rig.publish([app]);
      await rig.fly();
      const master = rig.masterPid();
      await ended(rig);
      assert.equal(await (await fetch(rig.url)).text(), 'app');
      await rig.fly();
      assert.equal(rig.masterPid(), master);
      const slow = fetch(`${rig.url}/slow`).then((res) => res.text());
      await until(() => finish !== undefined, 'the slow request arrives');
      announceDown(rig.folder);
      const isOver = ended(rig);
      finish?.();
      assert.equal(await slow, 'finished');
      await isOver;
      // A zombie is dead: its new parent takes a moment.
      assert.ok([undefined, 'Z'].includes(identify(master)?.state));
    } finally {
      await rig.close();
    }
  });
});

function ended({ pilot }: PilotRig): Promise<unknown> {
  const exit = new Promise((resolve) => pilot.once('exit', resolve));
  pilot.kill('SIGTERM');
  return exit;
}
