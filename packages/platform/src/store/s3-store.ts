// A vault at Amazon, or at anybody who speaks S3. "Put it there unless there is one" is a condition that the store itself checks
// (If-None-Match); one that does not know the condition is at least asked beforehand. Checksums travel with every object.
import type * as sdk from '@aws-sdk/client-s3';
import { type Clock, createSystemClock, isHaleError } from '@hale/base';
import { isStoreKey, type ObjectStore, type StoreCapabilities } from '@hale/ports';
import { storeError } from './errors.ts';

export interface S3Place {
  readonly bucket: string;
  /** '' for the whole bucket. */
  readonly prefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Sdk = typeof sdk;

const pageMax = 1000;
/** Whoever puts the same name at the same moment is waited for so often, so long each time. */
const clashesMax = 20;
const clashMs = 250;

/** Throws HALE_PLATFORM_STORE_SDK_MISSING. */
export async function openS3Store({ bucket, prefix, env }: S3Place): Promise<ObjectStore> {
  const s3 = await import('@aws-sdk/client-s3').catch((cause: unknown): Sdk => {
    throw storeError('HALE_PLATFORM_STORE_SDK_MISSING', '@aws-sdk/client-s3 is not installed', { cause });
  });
  const endpoint = env['HALE_S3_ENDPOINT'] ?? env['AWS_ENDPOINT_URL_S3'];
  const [accessKeyId, secretAccessKey] = [env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY']];
  const session = env['AWS_SESSION_TOKEN'];
  const client = new s3.S3Client({
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    // Others than Amazon serve buckets as folders of one host.
    ...(endpoint === undefined
      ? {}
      : { endpoint, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' as const }),
    // Without them the library looks where it always does: profile, web identity, the machine's role.
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey, ...(session === undefined ? {} : { sessionToken: session }) } }),
  });
  const lockDays = Number(env['HALE_S3_LOCK_DAYS'] ?? 0);
  return createS3Store(s3, client, { bucket, prefix, lockDays, clock: createSystemClock() });
}

export interface S3Habits extends Pick<S3Place, 'bucket' | 'prefix'> {
  /** For so many days nobody without a special right may delete what was put there; 0: no lock is asked for. */
  readonly lockDays: number;
  readonly clock: Pick<Clock, 'wall' | 'after'>;
}

/** The store over a client that exists; tests look at what it sends. */
export function createS3Store(s3: Sdk, client: sdk.S3Client, habits: S3Habits): ObjectStore {
  const { bucket, prefix, lockDays, clock } = habits;
  const lock = () =>
    lockDays > 0
      ? {
          ObjectLockMode: 'GOVERNANCE' as const,
          ObjectLockRetainUntilDate: new Date(clock.wall() + lockDays * 86_400_000),
        }
      : {};
  const inside = prefix === '' ? '' : `${prefix}/`;
  const named = (key: string) => {
    if (!isStoreKey(key)) throw storeError('HALE_PLATFORM_STORE_KEY', `'${key}' is no key of a store`);
    return { Bucket: bucket, Key: inside + key };
  };
  const url = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  const explain = explainFor(url);
  const head: ObjectStore['head'] = async (key) => {
    try {
      const found = await client.send(new s3.HeadObjectCommand(named(key)));
      return { key, size: found.ContentLength ?? 0, storedAt: found.LastModified?.getTime() ?? 0 };
    } catch (error) {
      return isMissing(error) ? undefined : explain(error);
    }
  };
  return {
    url,
    capabilities: () => askCapabilities(s3, client, bucket),
    async putIfAbsent(key, body) {
      const order = { ...named(key), ...lock(), Body: body, ContentLength: body.length, IfNoneMatch: '*' };
      for (let left = clashesMax; ; left--) {
        if ((await head(key)) !== undefined) return 'there';
        try {
          await client.send(new s3.PutObjectCommand(order));
          return 'stored';
        } catch (error) {
          if (statusOf(error) === 412) return 'there';
          // 409: somebody else is at this name at this moment. Whether it comes through is not known: it may have been killed.
          if (statusOf(error) !== 409 || left === 0) return explain(error);
        }
        await new Promise<void>((resolve) => void clock.after(clashMs, resolve));
      }
    },
    async get(key, range) {
      if (range !== undefined && range.from >= range.to) return (await head(key)) && nothing();
      const bytes = range === undefined ? {} : { Range: `bytes=${range.from}-${range.to - 1}` };
      try {
        const found = await client.send(new s3.GetObjectCommand({ ...named(key), ...bytes }));
        return found.Body as AsyncIterable<Uint8Array> | undefined;
      } catch (error) {
        if (isMissing(error)) return undefined;
        // The range begins behind the end.
        return statusOf(error) === 416 ? nothing() : explain(error);
      }
    },
    head,
    async list(under, { after, limit = pageMax } = {}) {
      const page = await client
        .send(
          new s3.ListObjectsV2Command({
            Bucket: bucket,
            Prefix: inside + under,
            MaxKeys: Math.min(limit, pageMax),
            ...(after === undefined ? {} : { StartAfter: inside + after }),
          }),
        )
        .catch(explain);
      const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
        key: Key.slice(inside.length),
        size: Size,
        storedAt: LastModified?.getTime() ?? 0,
      }));
      return { objects, next: page.IsTruncated === true ? objects.at(-1)?.key : undefined };
    },
    async delete(key) {
      await client
        .send(new s3.DeleteObjectCommand(named(key)))
        .catch((error) => (isMissing(error) ? {} : explain(error)));
    },
  };
}

async function askCapabilities(s3: Sdk, client: sdk.S3Client, bucket: string): Promise<StoreCapabilities> {
  const versioning = await client.send(new s3.GetBucketVersioningCommand({ Bucket: bucket })).then(
    ({ Status }) => Status === 'Enabled',
    () => 'unknown' as const,
  );
  const objectLock = await client.send(new s3.GetObjectLockConfigurationCommand({ Bucket: bucket })).then(
    ({ ObjectLockConfiguration }) => ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
    (error: unknown) => (nameOf(error) === 'ObjectLockConfigurationNotFoundError' ? false : ('unknown' as const)),
  );
  const missing = [
    ...(versioning === true
      ? []
      : [versioning === false ? 'versioning is off' : 'it does not say whether it keeps versions']),
    ...(objectLock === true
      ? []
      : [objectLock === false ? 'object lock is off' : 'it does not say whether it locks objects']),
  ];
  const advice = 'whoever has these credentials may destroy every backup';
  return { versioning, objectLock, note: missing.length === 0 ? '' : `${missing.join(', ')}: ${advice}` };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

function nameOf(error: unknown): string {
  return (error as { name?: string }).name ?? '';
}

function isMissing(error: unknown): boolean {
  return nameOf(error) !== 'NoSuchBucket' && (nameOf(error) === 'NoSuchKey' || statusOf(error) === 404);
}

function explainFor(url: string): (error: unknown) => never {
  return (error) => {
    if (isHaleError(error)) throw error;
    const words = `${url}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    if (nameOf(error) === 'NoSuchBucket') throw storeError('HALE_PLATFORM_STORE_NO_BUCKET', words, { cause: error });
    if (nameOf(error) === 'CredentialsProviderError')
      throw storeError('HALE_PLATFORM_STORE_CREDENTIALS', words, { cause: error });
    const status = statusOf(error);
    if (status === 401 || status === 403) throw storeError('HALE_PLATFORM_STORE_DENIED', words, { cause: error });
    throw storeError('HALE_PLATFORM_STORE_DOWN', words, { cause: error, retriable: true });
  };
}
