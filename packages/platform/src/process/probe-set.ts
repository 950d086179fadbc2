// The three rounds of one replica: the startup probe gates the other two; once it has passed it rests for good.
import type { Clock, Rng } from '@hale/base';
import type { ProbeObservation, ProbeSpec, ProbesSpec } from '@hale/model';
import type { CheckResult } from './launcher.ts';
import { type ProbeLoop, startProbe, unknownProbe } from './probe-loop.ts';

export interface ProbeSet {
  readonly startup: ProbeObservation;
  readonly ready: ProbeObservation;
  readonly live: ProbeObservation;
  stop(): void;
}

/** `checkOf` gives the check of one of them. Begins at once. */
export function startProbes(options: {
  probes: ProbesSpec;
  clock: Clock;
  rng: Rng;
  checkOf: (spec: ProbeSpec) => (signal: AbortSignal) => Promise<CheckResult>;
  onChange: () => void;
}): ProbeSet {
  const { probes, clock, rng, checkOf } = options;
  let ready: ProbeLoop | undefined;
  let live: ProbeLoop | undefined;
  const watch = (spec: ProbeSpec, onVerdict?: (observation: ProbeObservation) => void, first?: ProbeObservation) =>
    startProbe({
      spec,
      first,
      clock,
      rng,
      check: checkOf(spec),
      onChange(observation) {
        onVerdict?.(observation);
        options.onChange();
      },
    });
  const asked = probes.ready ?? probes.startup;
  const isSame = JSON.stringify(asked.check) === JSON.stringify(probes.startup.check) && asked.successes === 1;
  const startup = watch(probes.startup, (observation) => {
    if (observation.verdict !== 'pass' || ready !== undefined) return;
    startup.stop();
    // The same question need not be asked twice.
    ready = watch(asked, undefined, isSame ? observation : undefined);
    if (probes.live !== undefined) live = watch(probes.live);
  });
  return {
    get startup() {
      return startup.observation;
    },
    get ready() {
      return ready?.observation ?? unknownProbe;
    },
    get live() {
      return live?.observation ?? unknownProbe;
    },
    stop() {
      startup.stop();
      ready?.stop();
      live?.stop();
    },
  };
}
