// The auditor: goes through the books after the run and looks for every record that was acknowledged.
// `lost` must be 0. A record that is in the books without having been acknowledged is fine: its answer was lost, not its effect.
import { Pool } from 'undici';

export interface Verification {
  readonly acknowledged: number;
  /** Acknowledged and not in the books. */
  readonly lost: number;
  /** Listed more than once. */
  readonly doubled: number;
  /** In the books, never acknowledged: the answer was severed or late. */
  readonly unacknowledged: number;
  readonly lostIds: readonly string[];
}

const pageSize = 1_000;
const pagesMax = 1_000;
const lostShown = 20;
const attemptsMax = 10;

/** Reads the run's records page by page from the plan's books. Throws when they cannot be listed after a few tries. */
export async function verifyRecords(run: {
  readonly url: string;
  /** Path of the books; undefined when nothing is promised, so nothing is looked for. */
  readonly books: string | undefined;
  readonly runId: string;
  readonly acknowledged: ReadonlySet<string>;
}): Promise<Verification> {
  const { books } = run;
  const pool = new Pool(new URL(run.url).origin, { connections: 1 });
  const found = new Set<string>();
  let doubled = 0;
  try {
    for (let page = 0, after = ''; books !== undefined && run.acknowledged.size > 0 && page < pagesMax; page++) {
      const ids = await readPage(pool, books, { runId: run.runId, after });
      for (const id of ids) {
        if (found.has(id)) doubled++;
        found.add(id);
      }
      after = ids.at(-1) ?? after;
      if (ids.length < pageSize) break;
    }
  } finally {
    await pool.close();
  }
  const lostIds = [...run.acknowledged].filter((id) => !found.has(id));
  return {
    acknowledged: run.acknowledged.size,
    lost: lostIds.length,
    doubled,
    unacknowledged: found.size - (run.acknowledged.size - lostIds.length),
    lostIds: lostIds.slice(0, lostShown),
  };
}

async function readPage(
  pool: Pool,
  books: string,
  { runId, after }: { runId: string; after: string },
): Promise<readonly string[]> {
  const query = new URLSearchParams({ prefix: `${runId}-`, after, limit: String(pageSize) });
  for (let attempt = 1; ; attempt++) {
    const answer = await askOnce(pool, `${books}?${query}`);
    if ('ids' in answer) return answer.ids;
    if (attempt === attemptsMax) throw new Error(`the books (GET ${books}) cannot be read: ${answer.why}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function askOnce(pool: Pool, path: string): Promise<{ ids: readonly string[] } | { why: string }> {
  try {
    const { statusCode, body } = await pool.request({ method: 'GET', path });
    if (statusCode === 200) return (await body.json()) as { ids: string[] };
    return { why: `${statusCode} ${(await body.text()).slice(0, 200)}` };
  } catch (error) {
    return { why: (error as Error).message };
  }
}
