// One caller at the keeper's counter: cuts what arrives into lines, answers each by its id, and hangs up on nonsense.
import type { Socket } from 'node:net';
import { KeeperRefusal, type KeeperRequest, lineBytesMax } from './protocol.ts';

/** An answer that nobody fetches is held up to this much; then the caller is dropped (INV-09). */
const unsentBytesMax = 4 * 1024 * 1024;

export function serveConnection(socket: Socket, answer: (request: KeeperRequest) => Promise<object>): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    rest += chunk;
    if (rest.length > lineBytesMax) return void socket.destroy();
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') void serveLine(socket, line, answer);
  });
}

export function writeLine(socket: Socket, value: object): void {
  if (socket.writableLength > unsentBytesMax) socket.destroy();
  else socket.write(`${JSON.stringify(value)}\n`);
}

async function serveLine(socket: Socket, line: string, answer: (request: KeeperRequest) => Promise<object>) {
  let request: { id?: unknown } & KeeperRequest;
  try {
    request = JSON.parse(line) as { id?: unknown } & KeeperRequest;
  } catch {
    return void socket.destroy();
  }
  const { id } = request;
  try {
    writeLine(socket, { id, ok: true, ...(await answer(request)) });
  } catch (error) {
    const code = error instanceof KeeperRefusal ? error.code : 'HALE_PLATFORM_KEEPER_FAILED';
    writeLine(socket, { id, ok: false, code, message: (error as Error).message });
  }
}
