// Sees everything and trusts nobody: compares what clients were told with what the database holds when the dust has settled.
import type { Answer } from '../store.ts';
import type { SimDatabase } from './database.ts';

export interface Wanted {
  readonly client: number;
  readonly key: string;
  readonly payload: string;
  readonly settled: boolean;
}

export interface Referee {
  readonly events: Readonly<Record<string, number>>;
  count(what: string): void;
  wanted(wish: Wanted): void;
  /** A server took the request up; gives the attempt's number. */
  attempted(wish: Wanted): number;
  began(wish: Wanted, childKey: string): void;
  answered(attempt: number, answer: Answer): void;
  heard(wish: Wanted, status: number, body: string): void;
  judge(): readonly string[];
}

export function createReferee(database: SimDatabase): Referee {
  const events: Record<string, number> = {};
  const wishes: Wanted[] = [];
  const heard: { readonly wish: Wanted; readonly status: number; readonly body: string }[] = [];
  const childKeys = new Map<string, Set<string>>();
  const disowned = new Set<number>();
  let attempts = 0;
  const count = (what: string) => {
    events[what] = (events[what] ?? 0) + 1;
  };
  return {
    events,
    count,
    wanted: (wish) => void wishes.push(wish),
    attempted: () => ++attempts,
    began(wish, childKey) {
      count('work begun');
      const known = childKeys.get(wish.key) ?? new Set();
      childKeys.set(wish.key, known.add(childKey));
    },
    answered(attempt, answer) {
      // "Nothing was done" is a promise too.
      const text = Buffer.from(answer.body).toString();
      if (/KEY_WORK_UNDONE|KEY_STORE_DOWN/.test(text) || answer.status === 500) disowned.add(attempt);
    },
    heard(wish, status, body) {
      count(`heard ${status}`);
      heard.push({ wish, status, body });
    },
    judge() {
      const breaches: string[] = [];
      const keys = new Set(wishes.map(({ key }) => key));
      for (const key of keys) {
        const done = database.effects.filter((effect) => effect.key === key);
        if (done.length > 1) breaches.push(`doubled: ${key} was done ${done.length} times`);
        const promised = heard.filter(({ wish, status }) => wish.key === key && status < 300);
        for (const { body } of promised) {
          const { attempt } = JSON.parse(body) as { attempt: number };
          if (!done.some((effect) => effect.attempt === attempt))
            breaches.push(`lost: ${key} was promised by attempt ${attempt}`);
        }
        if (new Set(promised.map(({ body }) => body)).size > 1) breaches.push(`two answers for ${key}`);
        if ((childKeys.get(key)?.size ?? 0) > 1) breaches.push(`two child keys for ${key}`);
      }
      for (const { attempt, key } of database.effects) {
        if (disowned.has(attempt)) breaches.push(`untrue: attempt ${attempt} on ${key} said that nothing was done`);
      }
      for (const { client, key, settled } of wishes) if (!settled) breaches.push(`stuck: client ${client} on ${key}`);
      return breaches;
    },
  };
}
