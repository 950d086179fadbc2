// Can the gateway's passport be used? A certificate that does not fit its key, or is over, is a line on the screen before anything
// is started. Files that are not there at all are files-check.ts.
import { existsSync } from 'node:fs';
import { isHaleError, type Problem } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { readCertificate } from '@hale/platform/gateway';

const path = 'gateway.tls';

/** What is wrong with the pair that `gateway.tls` names; `wallMs` is now. */
export function checkCertificate({ gateway }: SystemSpec, wallMs: number): readonly Problem[] {
  const tls = gateway?.tls;
  if (tls === undefined || !existsSync(tls.certFile) || !existsSync(tls.keyFile)) return [];
  try {
    const { validUntilMs } = readCertificate(tls);
    if (validUntilMs > wallMs) return [];
    const over = new Date(validUntilMs).toISOString().slice(0, 10);
    return [
      { severity: 'warning', path, message: `the certificate ended on ${over}`, hint: 'renew it: clients refuse it' },
    ];
  } catch (error) {
    if (!isHaleError(error)) throw error;
    return [{ severity: 'error', path, message: `${error.code}: ${error.message}`, hint: error.hint }];
  }
}
