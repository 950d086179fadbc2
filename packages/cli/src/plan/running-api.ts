// The API that runs now, asked of the service itself through the gateway's internal listener: what is deployed may not be what lies in the folder.
import { isOpenApiDocument, type OpenApiDocument } from '@hale/model';

const answerMs = 3_000;
const bytesMax = 10_000_000;

export type RunningApi =
  | { readonly kind: 'described'; readonly document: OpenApiDocument }
  /** It runs, and says nothing of its API (or does not answer). */
  | { readonly kind: 'silent'; readonly why: string };

/** Asks for `/openapi.json` on the internal port of a service. Never throws. */
export async function askRunningApi(port: number): Promise<RunningApi> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/openapi.json`, {
      signal: AbortSignal.timeout(answerMs),
      headers: { connection: 'close' },
    });
    if (response.status !== 200) return { kind: 'silent', why: `it answers ${response.status} to GET /openapi.json` };
    const text = await response.text();
    const document: unknown = text.length > bytesMax ? undefined : JSON.parse(text);
    if (isOpenApiDocument(document)) return { kind: 'described', document };
    return { kind: 'silent', why: 'what it serves at /openapi.json is no OpenAPI 3 document' };
  } catch (error) {
    return { kind: 'silent', why: error instanceof Error ? error.message : String(error) };
  }
}
