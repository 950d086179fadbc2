// A real Chromium with an empty profile that talks to nobody but the test. Where there is none, the tests are skipped by
// name and say what to install; with HALE_REQUIRE_REAL=1 that is a failure.
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const candidates = [
  process.env['HALE_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const chromiumPath = candidates.find((path) => path !== '' && isProgram(path));

/** What `skip` of a test should be: false where Chromium is there or must be, else what to install. */
export const skipWithoutChromium: string | false =
  chromiumPath !== undefined || process.env['HALE_REQUIRE_REAL'] === '1'
    ? false
    : 'needs Chromium: apt-get install -y chromium (or set HALE_CHROMIUM to its path)';

export interface TestBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<TestBrowser> {
  if (chromiumPath === undefined) throw new Error('no Chromium found: apt-get install -y chromium');
  const profile = mkdtempSync(join(tmpdir(), 'hale-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    args: flags,
    viewport: { width: 1440, height: 1000 },
  });
  return {
    context,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
