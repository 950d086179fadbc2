// Which vault: reads the URL of a store and opens it. The libraries of the clouds are loaded only when their store is asked for;
// whoever keeps backups in a folder needs neither.
import { isAbsolute, resolve } from 'node:path';
import type { ObjectStore } from '@hale/ports';
import { storeError } from './errors.ts';
import { createFileStore } from './file-store.ts';

export interface StoreSurroundings {
  /** What a relative `file:` is relative to. */
  readonly folder: string;
  /** AWS_*, AZURE_STORAGE_CONNECTION_STRING; HALE_S3_ENDPOINT for a store that speaks S3 and is not Amazon's. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** 'file:.hale/vault', 's3://bucket/prefix', 'azure://container/prefix'. Throws HALE_PLATFORM_STORE_URL, _SDK_MISSING, _CREDENTIALS. */
export async function openStore(url: string, { folder, env }: StoreSurroundings): Promise<ObjectStore> {
  if (url.startsWith('file:')) {
    const path = url.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '') throw storeError('HALE_PLATFORM_STORE_URL', `'${url}' names no folder`);
    return createFileStore(isAbsolute(path) ? path : resolve(folder, path));
  }
  const match = /^(s3|azure):\/\/([A-Za-z0-9$][A-Za-z0-9.-]*)(?:\/(.*))?$/.exec(url);
  if (match === null) throw storeError('HALE_PLATFORM_STORE_URL', `'${url}' is no store that Hale knows`);
  const [, kind, bucket = '', rest = ''] = match;
  const prefix = rest.replace(/\/+$/, '');
  if (kind === 's3') {
    const { openS3Store } = await import('./s3-store.ts');
    return openS3Store({ bucket, prefix, env });
  }
  const { openAzureStore } = await import('./azure-store.ts');
  return openAzureStore({ container: bucket, prefix, env });
}
