// A vault at Azure: a container of block blobs. "Put it there unless there is one" is a condition that the store checks.
import type * as sdk from '@azure/storage-blob';
import { isHaleError } from '@hale/base';
import { isStoreKey, type ObjectStore, type StoreCapabilities } from '@hale/ports';
import { storeError } from './errors.ts';

export interface AzurePlace {
  readonly container: string;
  /** '' for the whole container. */
  readonly prefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const pageMax = 1000;

/** Throws HALE_PLATFORM_STORE_SDK_MISSING, _CREDENTIALS. */
export async function openAzureStore({ container, prefix, env }: AzurePlace): Promise<ObjectStore> {
  const azure = await import('@azure/storage-blob').catch((cause: unknown): typeof sdk => {
    throw storeError('HALE_PLATFORM_STORE_SDK_MISSING', '@azure/storage-blob is not installed', { cause });
  });
  const connection = env['AZURE_STORAGE_CONNECTION_STRING'];
  if (connection === undefined || connection === '') {
    throw storeError(
      'HALE_PLATFORM_STORE_CREDENTIALS',
      `azure://${container}: AZURE_STORAGE_CONNECTION_STRING is not set`,
    );
  }
  const service = azure.BlobServiceClient.fromConnectionString(connection, { retryOptions: { maxTries: 3 } });
  return createAzureStore(service.getContainerClient(container), prefix);
}

/** The store over a client that exists. */
export function createAzureStore(client: sdk.ContainerClient, prefix: string): ObjectStore {
  const inside = prefix === '' ? '' : `${prefix}/`;
  const blob = (key: string) => {
    if (!isStoreKey(key)) throw storeError('HALE_PLATFORM_STORE_KEY', `'${key}' is no key of a store`);
    return client.getBlockBlobClient(inside + key);
  };
  const url = `azure://${client.containerName}${prefix === '' ? '' : `/${prefix}`}`;
  const explain = explainFor(url);
  const head: ObjectStore['head'] = async (key) => {
    try {
      const found = await blob(key).getProperties();
      return { key, size: found.contentLength ?? 0, storedAt: found.lastModified?.getTime() ?? 0 };
    } catch (error) {
      return isMissing(error) ? undefined : explain(error);
    }
  };
  return {
    url,
    capabilities: () => askCapabilities(client),
    async putIfAbsent(key, body) {
      try {
        await blob(key).upload(Buffer.from(body.buffer, body.byteOffset, body.byteLength), body.length, {
          conditions: { ifNoneMatch: '*' },
        });
        return 'stored';
      } catch (error) {
        return isThere(error) ? 'there' : explain(error);
      }
    },
    async get(key, range) {
      if (range !== undefined && range.from >= range.to) return (await head(key)) && nothing();
      try {
        const { from, to } = range ?? { from: 0, to: undefined };
        const found = await blob(key).download(from, to === undefined ? undefined : to - from);
        return found.readableStreamBody as AsyncIterable<Uint8Array> | undefined;
      } catch (error) {
        if (isMissing(error)) return undefined;
        // The range begins behind the end.
        return statusOf(error) === 416 ? nothing() : explain(error);
      }
    },
    head,
    list: (under, page) => listPage(client, { inside, under, explain }, page),
    async delete(key) {
      await blob(key)
        .deleteIfExists()
        .catch((error) => (isMissing(error) ? undefined : explain(error)));
    },
  };
}

/** Azure goes on by a marker of its own, which cannot be made from a name; pages are walked until the name is reached. */
async function listPage(
  client: sdk.ContainerClient,
  { inside, under, explain }: { inside: string; under: string; explain: (error: unknown) => never },
  { after, limit = pageMax }: { readonly after?: string | undefined; readonly limit?: number } = {},
): ReturnType<ObjectStore['list']> {
  const wanted = Math.min(limit, pageMax);
  const objects: { key: string; size: number; storedAt: number }[] = [];
  try {
    for await (const page of client.listBlobsFlat({ prefix: inside + under }).byPage({ maxPageSize: pageMax })) {
      for (const { name, properties } of page.segment.blobItems) {
        const key = name.slice(inside.length);
        if (after !== undefined && key <= after) continue;
        if (objects.length === wanted) return { objects, next: objects.at(-1)?.key };
        objects.push({ key, size: properties.contentLength ?? 0, storedAt: properties.lastModified.getTime() });
      }
    }
  } catch (error) {
    return explain(error);
  }
  return { objects, next: undefined };
}

async function askCapabilities(client: sdk.ContainerClient): Promise<StoreCapabilities> {
  const found = await client.getProperties().catch(() => undefined);
  const objectLock =
    found === undefined
      ? ('unknown' as const)
      : found.hasImmutabilityPolicy === true || found.isImmutableStorageWithVersioningEnabled === true;
  const versioning = found?.isImmutableStorageWithVersioningEnabled === true ? true : ('unknown' as const);
  const locked =
    objectLock === true ? '' : ', and no immutability policy: whoever has these credentials may destroy every backup';
  const note = versioning === true && objectLock === true ? '' : `it does not say whether it keeps versions${locked}`;
  return { versioning, objectLock, note };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? '';
}

function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== 'ContainerNotFound';
}

function isThere(error: unknown): boolean {
  return statusOf(error) === 412 || (statusOf(error) === 409 && codeOf(error) === 'BlobAlreadyExists');
}

function explainFor(url: string): (error: unknown) => never {
  return (error) => {
    if (isHaleError(error)) throw error;
    const words = `${url}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
    if (codeOf(error) === 'ContainerNotFound')
      throw storeError('HALE_PLATFORM_STORE_NO_BUCKET', words, { cause: error });
    const status = statusOf(error);
    if (status === 401 || status === 403) throw storeError('HALE_PLATFORM_STORE_DENIED', words, { cause: error });
    throw storeError('HALE_PLATFORM_STORE_DOWN', words, { cause: error, retriable: true });
  };
}
