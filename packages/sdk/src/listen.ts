// The door: a server listens where it was told to, with the patience that a proxy in front expects,
// and a handler that fails answers 500 and says why on stderr, instead of leaving the caller waiting.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callerGone } from './current-call.ts';
import { sdkError } from './errors.ts';

export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

/** Longer than any usual proxy keeps an idle connection, so that the proxy closes first and no request meets a closing door. */
const keepAliveMs = 72_000;

/** Resolves once it listens. Throws HALE_SDK_PORT_IN_USE. */
export async function listenOn(
  server: Server,
  at: { readonly port: number; readonly host: string | undefined },
): Promise<{ host: string; port: number }> {
  server.keepAliveTimeout = keepAliveMs;
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(
        sdkError('HALE_SDK_PORT_IN_USE', `port ${at.port} is taken`, { cause: error, details: { port: at.port } }),
      );
    };
    server.once('error', refuse);
    server.listen({ port: at.port, host: at.host }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

/** Calls the handler; a throw or a rejection becomes a 500, or a cut connection if the answer had begun. */
export function respondWith(handler: Handler, req: IncomingMessage, res: ServerResponse): void {
  try {
    const result = handler(req, res);
    if (result instanceof Promise) result.catch((error: unknown) => failHandler(error, req, res));
  } catch (error) {
    failHandler(error, req, res);
  }
}

/** 500, or a cut connection if the answer had begun; the reason goes to stderr and not to the caller. */
export function failHandler(error: unknown, req: IncomingMessage, res: ServerResponse): void {
  // Work that was given up because nobody waits for it is no failure.
  if (error === callerGone()) {
    res.destroy();
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${req.method} ${req.url}: the handler failed: ${text}\n`);
  if (res.headersSent) res.destroy();
  else res.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"internal error"}');
}
