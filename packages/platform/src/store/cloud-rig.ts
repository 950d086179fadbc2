// Two clouds in a box: s3rver and azurite, started for a test on loopback. They know neither versions nor locks.
import { type ChildProcess, spawn } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSystemClock } from '@hale/base';

export interface Cloud {
  /** What a service would be told in its environment. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const startWithinMs = 60_000;

export async function startS3(bucket: string): Promise<Cloud> {
  const folder = mkdtempSync(join(tmpdir(), 'hale-s3-'));
  letItPage();
  // It has no types of its own.
  const S3rver = createRequire(import.meta.url)('s3rver') as new (
    options: object,
  ) => {
    run(): Promise<{ port: number }>;
    close(): Promise<void>;
  };
  const server = new S3rver({
    ...{ port: 0, address: '127.0.0.1', silent: true, directory: folder },
    configureBuckets: [{ name: bucket }],
  });
  const { port } = await server.run();
  return {
    env: {
      HALE_S3_ENDPOINT: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
      AWS_REGION: 'us-east-1',
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** s3rver seals the token of a further page with a cipher that OpenSSL 3 no longer has; only it sees this one instead. */
function letItPage(): void {
  const crypto = createRequire(import.meta.url)('node:crypto') as { createCipheriv: typeof createCipheriv };
  const original = createCipheriv;
  crypto.createCipheriv = ((name: string, key: Buffer, iv: Buffer) =>
    name === 'des'
      ? original('aes-128-cbc', Buffer.concat([key, key]), Buffer.concat([iv, iv]))
      : original(name, key, iv)) as typeof createCipheriv;
}

/** The published key of the emulator's only account: everybody knows it. */
const emulatorKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export async function startAzure(container: string): Promise<Cloud> {
  const port = await freePort();
  const manifest = createRequire(import.meta.url).resolve('azurite/package.json');
  const program = join(dirname(manifest), 'dist', 'src', 'blob', 'main.js');
  const flags = ['--silent', '--skipApiVersionCheck', '--disableTelemetry', '--inMemoryPersistence'];
  const argv = [program, '--blobHost', '127.0.0.1', '--blobPort', String(port), ...flags];
  const child = spawn(process.execPath, argv, { stdio: 'ignore' });
  const connection = `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${emulatorKey};BlobEndpoint=http://127.0.0.1:${port}/devstoreaccount1;`;
  await makeContainer(child, connection, container);
  return {
    env: { AZURE_STORAGE_CONNECTION_STRING: connection },
    async close() {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  };
}

async function makeContainer(child: ChildProcess, connection: string, container: string): Promise<void> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const service = BlobServiceClient.fromConnectionString(connection, { retryOptions: { maxTries: 1 } });
  const clock = createSystemClock();
  const until = clock.mono() + startWithinMs;
  for (;;) {
    try {
      await service.createContainer(container);
      return;
    } catch (error) {
      if (child.exitCode !== null || clock.mono() > until) {
        child.kill('SIGKILL');
        throw error;
      }
      await new Promise<void>((resolve) => void clock.after(100, resolve));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
