// The fault doors: with HALE_DRILL=1 a service breaks on request, so that drills can break it from within.
// Closed in every other case. Each replica is asked on its own port; nothing here is part of a shop.
//   POST /__drill/block?ms=    spin: the loop is blocked (default 60,000)
//   POST /__drill/exit?code=   leave at once (default 1)
//   POST /__drill/leak?mb=     keep this much memory (default 64)
//   POST /__drill/badprobe     /readyz fails until ?off or a restart
import type { IncomingMessage, ServerResponse } from 'node:http';

const leaked: Buffer[] = [];
const leakedMbMax = 2_048;
let probeIsBad = false;

/** False while /readyz is told to fail. */
export function probeIsGood(): boolean {
  return !probeIsBad;
}

/** True when the request knocked at a fault door; it is answered then. */
export function openDrillDoor(req: IncomingMessage, res: ServerResponse): boolean {
  if (process.env['HALE_DRILL'] !== '1' || req.method !== 'POST' || !req.url?.startsWith('/__drill/')) return false;
  const url = new URL(req.url, 'http://localhost');
  const number = (name: string, fallback: number) => Number(url.searchParams.get(name) ?? fallback);
  const fault = url.pathname.slice('/__drill/'.length);
  const answer = (status: number, text: string) => res.writeHead(status, { connection: 'close' }).end(`${text}\n`);
  // Each fault waits for its answer to be sent, so that who asked knows that it was heard.
  const after = (fn: () => void) => void res.once('finish', () => setImmediate(fn));
  if (fault === 'block') after(() => spin(number('ms', 60_000)));
  else if (fault === 'exit') after(() => process.exit(number('code', 1)));
  else if (fault === 'leak') leak(number('mb', 64));
  else if (fault === 'badprobe') probeIsBad = !url.searchParams.has('off');
  else {
    answer(404, 'faults: block exit leak badprobe');
    return true;
  }
  answer(202, `${fault}: as you wish`);
  return true;
}

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function leak(mb: number): void {
  const room = leakedMbMax - leaked.length;
  for (let i = 0; i < Math.min(mb, room); i++) leaked.push(Buffer.alloc(1_048_576, 1));
}
