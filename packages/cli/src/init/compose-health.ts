// Compose's healthcheck as a readiness probe: curl and wget become an http probe of the same path, other commands an exec
// probe. Durations are respelled ('1m30s' -> '90s').
import { isRecord, type ProbeDraft } from './draft.ts';

export function composeReady(input: unknown, miss: (what: string, why: string) => void): ProbeDraft | undefined {
  if (!isRecord(input) || input['disable'] === true) return undefined;
  const check = checkOf(input['test'], miss);
  if (check === undefined) return undefined;
  const every = durationText(input['interval']);
  const timeout = durationText(input['timeout']);
  const failures = Number(input['retries']);
  return {
    ...check,
    ...(every === undefined ? {} : { every }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(Number.isInteger(failures) && failures >= 1 && failures <= 100 ? { failures } : {}),
  };
}

function checkOf(
  test: unknown,
  miss: (what: string, why: string) => void,
): Pick<ProbeDraft, 'http' | 'exec'> | undefined {
  const words = Array.isArray(test) ? test.map(String) : typeof test === 'string' ? ['CMD-SHELL', test] : [];
  const [kind = 'NONE', ...rest] = words;
  if (kind === 'NONE' || rest.length === 0) return undefined;
  const line = rest.join(' ');
  const url =
    /\b(?:curl|wget)\b[^|;&]*?\bhttps?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?(\/[^\s'"|;&]*)?/.exec(line);
  if (url !== null) return { http: url[1] ?? '/' };
  if (/localhost:\d+|127\.0\.0\.1:\d+/.test(line)) {
    miss('healthcheck', `it names a port of the container: ${line.slice(0, 80)}`);
    return undefined;
  }
  return { exec: kind === 'CMD-SHELL' ? ['sh', '-c', line] : kind === 'CMD' ? rest : words };
}

/** '1m30s', '10s' or '500ms' as one number and unit; undefined where it is no duration, or below what a probe allows. */
export function durationText(input: unknown): string | undefined {
  if (typeof input !== 'string') return undefined;
  const parts = [...input.matchAll(/(\d+(?:\.\d+)?)(ms|us|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== input) return undefined;
  const unit: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const ms = parts.reduce((sum, [, amount, name]) => sum + Number(amount) * (unit[name ?? ''] ?? 0), 0);
  const bounded = Math.min(Math.max(Math.round(ms), 100), 600_000);
  return bounded % 1000 === 0 ? `${bounded / 1000}s` : `${bounded}ms`;
}
