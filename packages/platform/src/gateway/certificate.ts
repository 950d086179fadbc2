// The house's passport: certificate and key in two files that somebody else renews (certbot, a mounted secret). Looked at every half
// second, by number and not by hint, because mounted secrets are swapped behind a link. A new pair is taken once both files have stood still
// for one look; one that cannot be used is said once, and the last good one stays in force.
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type Clock, HaleError } from '@hale/base';
import { gatewayErrors } from './errors.ts';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** When the first certificate of the file ends (wall ms). */
  readonly validUntilMs: number;
}

const lookMs = 500;
const bytesMax = 1024 * 1024;

/** Reads the pair and tries it. Throws HALE_PLATFORM_GATEWAY_TLS with the reason when it cannot be used. */
export function readCertificate(files: CertificateFiles): Certificate {
  try {
    const cert = readBounded(files.certFile);
    const key = readBounded(files.keyFile);
    createSecureContext({ cert, key });
    return { cert, key, validUntilMs: new X509Certificate(cert).validToDate.getTime() };
  } catch (error) {
    const { message, hint } = gatewayErrors.HALE_PLATFORM_GATEWAY_TLS;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HaleError({
      code: 'HALE_PLATFORM_GATEWAY_TLS',
      message: `${message}: ${files.certFile} with ${files.keyFile}: ${reason}`,
      hint,
      cause: error,
    });
  }
}

export interface CertificateWatch {
  readonly clock: Clock;
  /** Where the files are now; undefined while none are declared. */
  readonly files: () => CertificateFiles | undefined;
  readonly onCertificate: (certificate: Certificate) => void;
  /** Told once for each version of the pair that cannot be used. */
  readonly onBroken: (error: HaleError) => void;
}

/** Takes the pair at once, and again whenever it is replaced; returns what stops it. */
export function watchCertificate(watch: CertificateWatch): () => void {
  let taken = '';
  let previous = '';
  const take = (files: CertificateFiles, mark: string) => {
    taken = mark;
    try {
      watch.onCertificate(readCertificate(files));
    } catch (error) {
      watch.onBroken(error as HaleError);
    }
  };
  const look = () => {
    const files = watch.files();
    if (files === undefined) return;
    const mark = `${markOf(files.certFile)} ${markOf(files.keyFile)}`;
    // Two files are never replaced in one instant: half of a new pair is not to be tried.
    if (mark !== taken && mark === previous) take(files, mark);
    previous = mark;
  };
  const first = watch.files();
  if (first !== undefined) {
    previous = `${markOf(first.certFile)} ${markOf(first.keyFile)}`;
    take(first, previous);
  }
  const timer = watch.clock.every(lookMs, look);
  return () => timer.cancel();
}

function readBounded(file: string): Buffer {
  if (statSync(file).size > bytesMax) throw new Error(`${file} is larger than ${bytesMax} bytes`);
  return readFileSync(file);
}

function markOf(file: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(file, { bigint: true });
    return `${file}:${ino}:${mtimeNs}:${size}`;
  } catch {
    return `${file}:none`;
  }
}
