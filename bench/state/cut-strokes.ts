// The strokes of a network: a node, or the relays, that no packet reaches, or whose packets reach nobody, for a fifth of a second to ten seconds (cut.ts).
// A cut ends by itself. Where Hale ended the primary meanwhile, it was gone then; else it was gone until the cut was over. Out of reach, nobody can end
// it: the keeper, who would, stands still as well. Then it was gone when Hale said so, and lives on beside those who write to it directly.
import { isAlive, parentOf, withDescendants } from './cage.ts';
import { cutOff, type Wires, ways } from './cut.ts';
import { type Deed, type Scene, signal } from './strokes.ts';

const shortestMs = 200;
const longestMs = 10_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

type Subject = Omit<Wires, 'way'> & { readonly pid?: number | undefined };

export const cutStrokes: Readonly<Record<string, Deed>> = {
  'primary cut': (scene) => cut(scene, nodesOf([scene.primary])),
  async 'primary cut and out of reach'(scene) {
    const { primary, rng } = scene;
    // Long enough for a busy host, where being sure takes longer.
    const forMs = 2 * longestMs + rng.below(longestMs);
    const keeper = primary.pid === undefined ? undefined : parentOf(primary.pid);
    if (keeper === undefined || keeper === 1) throw new Error('the primary has no keeper');
    const mend = await cutOff({ ...nodesOf([primary]), way: 'both ways' });
    signal(keeper, 'SIGSTOP');
    const fromMs = performance.now();
    let goneMs: number | undefined;
    let isLeft = false;
    try {
      while (performance.now() < fromMs + forMs) {
        const now = await scene.primaryNow().catch(() => primary.replica);
        if (now !== primary.replica) goneMs ??= performance.now();
        await pause(20);
      }
      isLeft = primary.pid !== undefined && isAlive(primary.pid);
    } finally {
      signal(keeper, 'SIGCONT');
      await mend();
    }
    const fate = isLeft ? 'it lived on' : 'it was ended';
    return { fromMs, goneMs: goneMs ?? performance.now(), detail: `for ${forMs} ms; ${fate}` };
  },
  'standby cut': (scene) => cut(scene, nodesOf([scene.standbys[scene.rng.below(scene.standbys.length)]])),
  'both standbys cut': (scene) => cut(scene, nodesOf(scene.standbys)),
  'relays cut from the primary': (scene) =>
    cut(scene, { pids: pidsOf(scene.relays), ports: [], from: scene.primary.port ?? 0 }),
};

function nodesOf(nodes: readonly (Scene['primary'] | undefined)[]): Subject {
  const there = nodes.filter((one) => one !== undefined);
  return {
    pids: pidsOf(there),
    ports: there.flatMap(({ port }) => port ?? []),
    pid: there.find(({ database }) => database === 'primary')?.pid,
  };
}

function pidsOf(replicas: Scene['relays']): readonly number[] {
  return withDescendants(replicas.flatMap(({ pid }) => pid ?? []));
}

async function cut({ rng }: Scene, { pid, ...wires }: Subject) {
  const way = ways[rng.below(ways.length)]!;
  const forMs = shortestMs + rng.below(longestMs - shortestMs);
  const mend = await cutOff({ ...wires, way });
  const fromMs = performance.now();
  let endedMs: number | undefined;
  try {
    while (performance.now() < fromMs + forMs) {
      if (pid !== undefined && !isAlive(pid)) endedMs ??= performance.now();
      await pause(2);
    }
  } finally {
    await mend();
  }
  return { fromMs, goneMs: endedMs ?? performance.now(), detail: `${way}, for ${forMs} ms` };
}
