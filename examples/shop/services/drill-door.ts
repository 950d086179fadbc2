// The fault doors: with HALE_DRILL=1 a service breaks on request, so that drills can break it from within.
// Closed in every other case. Each replica is asked on its own port; nothing here is part of a shop.
//   POST /__drill/ping         nothing: says that there is a door
//   POST /__drill/block?ms=    spin: the loop is blocked (default 60,000)
//   POST /__drill/exit?code=   leave at once (default 1)
//   POST /__drill/leak?mb=     keep this much memory (default 64)
//   POST /__drill/badprobe     /readyz fails, ?ms= for so long, until ?off or a restart
// At its start a program also reads the note that a drill may have left (drill.json in HALE_RUNTIME_DIR): then it leaves soon
// ('crash'), never gets ready ('stuck'), or its readiness fails ('bad-probe').
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

const isOpen = process.env['HALE_DRILL'] === '1';
const leaked: Buffer[] = [];
const leakedMbMax = 2_048;
const crashAfterMs = 300;
let probeIsBadUntil = 0;

await obeyNote();

/** False while /readyz is told to fail. */
export function probeIsGood(): boolean {
  return Date.now() >= probeIsBadUntil;
}

/** True when the request knocked at a fault door; it is answered then. */
export function openDrillDoor(req: IncomingMessage, res: ServerResponse): boolean {
  if (!isOpen || req.method !== 'POST' || !req.url?.startsWith('/__drill/')) return false;
  const url = new URL(req.url, 'http://localhost');
  const number = (name: string, fallback: number) => Number(url.searchParams.get(name) ?? fallback);
  const fault = url.pathname.slice('/__drill/'.length);
  const answer = (status: number, text: string) => res.writeHead(status, { connection: 'close' }).end(`${text}\n`);
  // Each fault waits for its answer to be sent, so that who asked knows that it was heard.
  const after = (fn: () => void) => void res.once('finish', () => setImmediate(fn));
  if (fault === 'block') after(() => spin(number('ms', 60_000)));
  else if (fault === 'exit') after(() => process.exit(number('code', 1)));
  else if (fault === 'leak') leak(number('mb', 64));
  else if (fault === 'badprobe')
    probeIsBadUntil = url.searchParams.has('off') ? 0 : Date.now() + number('ms', 86_400_000);
  else if (fault !== 'ping') {
    answer(404, 'faults: ping block exit leak badprobe');
    return true;
  }
  answer(202, `${fault}: as you wish`);
  return true;
}

async function obeyNote(): Promise<void> {
  const note = readNote();
  if (note === undefined || Date.now() >= note.untilWallMs) return;
  if (note.mode === 'crash') setTimeout(() => process.exit(1), crashAfterMs);
  // The timer keeps the program alive; it is ended from without.
  else if (note.mode === 'stuck') await new Promise((never) => setTimeout(never, 86_400_000));
  else probeIsBadUntil = note.untilWallMs;
}

function readNote(): { mode: 'crash' | 'stuck' | 'bad-probe'; untilWallMs: number } | undefined {
  if (!isOpen) return undefined;
  try {
    const note = JSON.parse(readFileSync(`${process.env['HALE_RUNTIME_DIR']}/drill.json`, 'utf8'));
    const mine = ['all', process.env['HALE_SERVICE'], process.env['HALE_REPLICA']];
    return mine.includes(note.whom) ? note : undefined;
  } catch {
    return undefined;
  }
}

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function leak(mb: number): void {
  const room = leakedMbMax - leaked.length;
  for (let i = 0; i < Math.min(mb, room); i++) leaked.push(Buffer.alloc(1_048_576, 1));
}
