// The strokes of a network: a node, or the relays, that no packet reaches, or whose packets reach nobody, for a fifth of a second to ten seconds (cut.ts).
// A cut ends by itself. Where Hale ended the primary meanwhile, it was gone then; else it was gone until the cut was over.
import { isAlive, withDescendants } from './cage.ts';
import { cutOff, type Wires, ways } from './cut.ts';
import type { Deed, Scene } from './strokes.ts';

const shortestMs = 200;
const longestMs = 10_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

type Subject = Omit<Wires, 'way'> & { readonly pid?: number | undefined };

export const cutStrokes: Readonly<Record<string, Deed>> = {
  'primary cut': (scene) => cut(scene, nodesOf([scene.primary])),
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
