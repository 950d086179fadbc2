// Probes as declared -> probes as asked: every default filled in, and the questions that nobody could answer refused.
import type { Problem } from '@hale/base';
import { aliveProbes, defaultProbe, probeEveryMs } from '../defaults.ts';
import type { ProbeCheck, ProbeSpec, ProbesSpec } from '../spec.ts';
import { errorAt, type Path } from './problems.ts';
import type { ProbeShape, ServiceShape } from './shapes.ts';

export interface ProbesRead {
  readonly probes: ProbesSpec;
  readonly problems: readonly Problem[];
}

/** `hasPort` false: a worker, which only exec probes can ask. */
export function readProbes(shape: ServiceShape['probes'], hasPort: boolean, path: Path): ProbesRead {
  const problems: Problem[] = [];
  const read = (name: 'startup' | 'ready' | 'live', probe: ProbeOf | undefined): ProbeSpec | undefined => {
    if (probe === undefined) return undefined;
    const at = [...path, name];
    const check = readCheck(probe, hasPort, at, problems);
    return check === undefined ? undefined : fill(probe, check);
  };
  const startup = read('startup', shape?.startup);
  const ready = read('ready', shape?.ready === false ? undefined : shape?.ready);
  const live = read('live', shape?.live);
  if (!hasPort) {
    if (startup !== undefined) {
      problems.push(
        errorAt([...path, 'startup'], {
          message: 'a service without a port has started once it is alive; a startup probe cannot be asked of it',
          hint: 'move it to ready: what uses this service then waits for it',
        }),
      );
    }
    return { probes: { ...aliveProbes, ready, live }, problems };
  }
  const byPort = defaultProbe({ kind: 'tcp' });
  const withoutReady = shape?.ready === false;
  return {
    probes: { startup: startup ?? byPort, ready: ready ?? (withoutReady ? undefined : byPort), live },
    problems,
  };
}

type ProbeOf = Omit<ProbeShape, 'within'> & { readonly within?: number | undefined };

function readCheck(probe: ProbeOf, hasPort: boolean, path: Path, problems: Problem[]): ProbeCheck | undefined {
  const checks: ProbeCheck[] = [];
  if (probe.http !== undefined) checks.push({ kind: 'http', path: probe.http });
  if (probe.tcp !== undefined) checks.push({ kind: 'tcp' });
  if (probe.exec !== undefined) checks.push({ kind: 'exec', argv: probe.exec });
  const [check, second] = checks;
  if (check !== undefined && second !== undefined) {
    const message = `a probe asks one thing, this one asks ${checks.map(({ kind }) => kind).join(' and ')}`;
    problems.push(errorAt(path, { message, hint: `keep one: { ${check.kind}: ... }` }));
    return undefined;
  }
  const resolved = check ?? (hasPort ? { kind: 'tcp' as const } : undefined);
  if (resolved === undefined || (!hasPort && resolved.kind !== 'exec')) {
    problems.push(
      errorAt(path, {
        message: `a service without a port cannot be asked by ${resolved?.kind ?? 'tcp'}`,
        hint: "write exec: ['program', 'argument'], or remove port: false",
      }),
    );
    return undefined;
  }
  return resolved;
}

function fill(probe: ProbeOf, check: ProbeCheck): ProbeSpec {
  const spec = defaultProbe(check);
  const steady = probe.every ?? probeEveryMs.steady;
  return {
    check,
    everyMs: {
      steady,
      suspicious: Math.min(probeEveryMs.suspicious, steady),
      down: Math.min(probeEveryMs.down, steady),
    },
    timeoutMs: probe.timeout ?? spec.timeoutMs,
    failures: probe.failures ?? spec.failures,
    successes: probe.successes ?? spec.successes,
    withinMs: probe.within ?? spec.withinMs,
  };
}
