// Certificates for tests, made on the spot by openssl: nothing that is signed is kept in the repository, and nothing expires in it.
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { CertificateFiles } from './certificate.ts';

/** What to say instead of running a test that needs openssl; undefined when it is there, or must be. */
export function withoutOpenssl(): string | undefined {
  if (process.env['HALE_REQUIRE_REAL'] === '1' || spawnSync('openssl', ['version']).status === 0) return undefined;
  return 'openssl is not installed: apt-get install openssl';
}

/** A self-signed pair for localhost whose subject is `name`, as NAME.crt and NAME.key in `folder`. */
export function makeCertificate(folder: string, name: string): CertificateFiles {
  const files = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const out = ['-keyout', files.keyFile, '-out', files.certFile];
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, ...out], { stdio: 'ignore' });
  return files;
}
