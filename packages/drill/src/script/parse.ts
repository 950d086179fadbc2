// Reads a drill script. All problems at once, each with its line and what could be written instead; a script with a problem
// is not played.
import { type Parsed, type Problem, parseDuration } from '@hale/base';
import type { ReplicaId } from '@hale/model';
import type { DrillAction, DrillExpectation, DrillScript } from './language.ts';

interface Reading {
  name: string;
  about: string;
  system: string;
  loadPerSecond: number | undefined;
  forMs: number;
  actions: { atMs: number; action: DrillAction; line: number }[];
  expectations: DrillExpectation[];
  problems: Problem[];
}

/** How long it is watched after the last ending that is expected, for what might still go wrong. */
const lingerMs = 5_000;

/** `# comment`, or one of: drill, about, system, load, at, expect, watch. */
export function parseDrill(text: string): Parsed<DrillScript> {
  const reading: Reading = {
    name: '',
    about: '',
    system: 'shop',
    loadPerSecond: undefined,
    forMs: 0,
    actions: [],
    expectations: [],
    problems: [],
  };
  text.split('\n').forEach((raw, index) => {
    const words = raw.replace(/#.*/, '').trim().split(/\s+/);
    if (words[0] === '') return;
    const problem = readLine(reading, words, index + 1);
    if (problem === undefined) return;
    reading.problems.push({
      severity: 'error',
      path: '',
      line: index + 1,
      message: `line ${index + 1}: ${problem.message}`,
      hint: problem.hint,
    });
  });
  const missing = (message: string, hint: string) =>
    reading.problems.push({ severity: 'error', path: '', message, hint });
  if (reading.name === '') missing('the drill has no name', 'begin with: drill <name>');
  if (reading.actions.length === 0) missing('nothing happens in this drill', 'add: at 3s kill orders/1 SIGKILL');
  if (reading.expectations.length === 0) missing('nothing is expected of this drill', 'add: expect healed within 5s');
  const { problems, ...rest } = reading;
  const actions = rest.actions.toSorted((a, b) => a.atMs - b.atMs);
  return { value: problems.length === 0 ? { ...rest, actions, forMs: watchFor(reading) } : undefined, problems };
}

interface Trouble {
  readonly message: string;
  readonly hint: string;
}

function readLine(reading: Reading, words: readonly string[], line: number): Trouble | undefined {
  const [verb, ...rest] = words;
  switch (verb) {
    case 'drill':
      reading.name = rest[0] ?? '';
      return undefined;
    case 'about':
      reading.about = rest.join(' ');
      return undefined;
    case 'system':
      reading.system = rest[0] ?? 'shop';
      return undefined;
    case 'load':
      return readLoad(reading, rest);
    case 'watch':
      return readWatch(reading, rest);
    case 'at':
      return readAction(reading, rest, line);
    case 'expect':
      return readExpectation(reading, rest);
    default:
      return { message: `'${verb}' is not a word of drills`, hint: 'drill, about, system, load, at, expect or watch' };
  }
}

function readLoad(reading: Reading, words: readonly string[]): Trouble | undefined {
  const match = /^(\d+)\/s$/.exec(words.join(' '));
  if (match === null) return { message: 'the load cannot be read', hint: 'load 1000/s' };
  reading.loadPerSecond = Number(match[1]);
  return undefined;
}

function readWatch(reading: Reading, words: readonly string[]): Trouble | undefined {
  const forMs = parseDuration(words[1] ?? '');
  if (words[0] !== 'for' || forMs === undefined)
    return { message: 'how long to watch cannot be read', hint: 'watch for 60s' };
  reading.forMs = forMs;
  return undefined;
}

const actionForms: readonly (readonly [RegExp, (m: readonly string[]) => DrillAction | undefined])[] = [
  [/^kill control$/, () => ({ kind: 'kill-control' })],
  [/^kill keeper$/, () => ({ kind: 'kill-keeper' })],
  [/^kill every (\S+)$/, (m) => ({ kind: 'kill-every', unit: m[1] ?? '' })],
  [
    /^(kill|stop) primary of (\S+)$/,
    (m) => ({ kind: 'strike-primary', unit: m[2] ?? '', how: m[1] as 'kill' | 'stop', standbyToo: false }),
  ],
  [
    /^kill primary and standby of (\S+)$/,
    (m) => ({ kind: 'strike-primary', unit: m[1] ?? '', how: 'kill', standbyToo: true }),
  ],
  [
    /^kill (\S+\/(?:\d+|\?))(?: (SIG[A-Z]+))?$/,
    (m) => ({ kind: 'kill', replica: m[1] as ReplicaId, signal: m[2] ?? 'SIGKILL' }),
  ],
  [
    /^exit (\S+\/(?:\d+|\?))(?: code (\d+))?$/,
    (m) => ({ kind: 'exit', replica: m[1] as ReplicaId, code: Number(m[2] ?? 1) }),
  ],
  [/^stop (\S+\/(?:\d+|\?))$/, (m) => ({ kind: 'stop', replica: m[1] as ReplicaId })],
  [
    /^block (\S+\/(?:\d+|\?)) for (\S+)$/,
    (m) => lasting(m, (forMs) => ({ kind: 'block', replica: m[1] as ReplicaId, forMs })),
  ],
  [
    /^(crash-loop|slow-start) (\S+\/(?:\d+|\?)) for (\S+)$/,
    (m) =>
      lasting(m.slice(1), (forMs) => ({
        kind: m[1] as 'crash-loop' | 'slow-start',
        replica: m[2] as ReplicaId,
        forMs,
      })),
  ],
  [/^bad-probe (\S+) for (\S+)$/, (m) => lasting(m, (forMs) => ({ kind: 'bad-probe', unit: m[1] ?? '', forMs }))],
  [/^restart (\S+)$/, (m) => ({ kind: 'restart', unit: m[1] ?? '' })],
];

function lasting(match: readonly string[], make: (forMs: number) => DrillAction): DrillAction | undefined {
  const forMs = parseDuration(match[2] ?? '');
  return forMs === undefined ? undefined : make(forMs);
}

function readAction(reading: Reading, words: readonly string[], line: number): Trouble | undefined {
  const atMs = parseDuration(words[0] ?? '');
  if (atMs === undefined) return { message: `'${words[0]}' is not a time`, hint: 'at 3s kill orders/1 SIGKILL' };
  const said = words.slice(1).join(' ');
  for (const [form, make] of actionForms) {
    const match = form.exec(said);
    const action = match === null ? undefined : make(match as unknown as readonly string[]);
    if (action === undefined) continue;
    reading.actions.push({ atMs, action, line });
    return undefined;
  }
  const hint =
    'kill, exit, stop, block, crash-loop, slow-start, bad-probe or restart; e.g. block orders/1 for 60s, kill pricing/? SIGKILL, kill primary of db';
  return { message: `'${said}' cannot be done`, hint };
}

function readExpectation(reading: Reading, words: readonly string[]): Trouble | undefined {
  const said = words.join(' ');
  const count = /^(restarts|failed) (\d+)$/.exec(said);
  if (count !== null) {
    reading.expectations.push({ kind: count[1] as 'restarts' | 'failed', max: Number(count[2]) });
    return undefined;
  }
  const timed = /^(healed|suspected|held|observer-blamed|adopted|rolled|failed-over) within (\S+)$/.exec(said);
  const withinMs = parseDuration(timed?.[2] ?? '');
  if (timed === null || withinMs === undefined) {
    return {
      message: `'${said}' cannot be expected`,
      hint: 'expect healed within 5s; or suspected, held, observer-blamed, adopted, rolled, failed-over; or failed 0, restarts 0',
    };
  }
  reading.expectations.push({ kind: timed[1] as 'healed', withinMs });
  return undefined;
}

function watchFor(reading: Reading): number {
  const lastAction = Math.max(0, ...reading.actions.map((one) => one.atMs));
  const longest = Math.max(0, ...reading.expectations.map((one) => ('withinMs' in one ? one.withinMs : 0)));
  return Math.max(reading.forMs, lastAction + longest + lingerMs);
}
