// A line no larger than a word (Tufte's sparkline): requests per second over the last minutes, and a red foot where some
// failed. Decoration for the figure beside it; hidden from screen readers.
import type { TrafficSample } from '../story/story.ts';
import { steady } from './steady.ts';

const width = 96;
const height = 24;

export const Spark = steady(({ samples }: { samples: readonly TrafficSample[] }) => {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 3) return null;
  const top = Math.max(1, ...samples.map((sample) => sample.perSecond));
  const x = (at: number) => (((at - first.at) / (last.at - first.at)) * width).toFixed(1);
  const y = (rate: number) => (height - 2 - (rate / top) * (height - 4)).toFixed(1);
  const line = samples.slice(1).map((sample) => `${x(sample.at)},${y(sample.perSecond)}`);
  const failing = samples.filter((sample, i) => sample.failed > (samples[i - 1]?.failed ?? sample.failed));
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <polyline points={line.join(' ')} />
      {failing.map((sample) => (
        <rect key={sample.at} x={x(sample.at)} y={height - 4} width="2" height="4" />
      ))}
    </svg>
  );
});
