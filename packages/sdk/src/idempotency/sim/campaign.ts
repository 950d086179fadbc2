// Many worlds, one after the other, until enough processes have died in the middle of a request.
import type { Bug } from './database.ts';
import { runWorld } from './world.ts';

export interface Campaign {
  readonly worlds: number;
  readonly killPoints: number;
  readonly events: Readonly<Record<string, number>>;
  /** Every breach with the seed that shows it again. */
  readonly breaches: readonly { readonly seed: number; readonly breach: string }[];
}

export async function runCampaign(plan: {
  readonly killPoints: number;
  readonly firstSeed: number;
  readonly bug?: Bug;
  /** Ends at the first breach. */
  readonly untilBreach?: boolean;
}): Promise<Campaign> {
  const events: Record<string, number> = {};
  const breaches: { seed: number; breach: string }[] = [];
  let killPoints = 0;
  let seed = plan.firstSeed;
  for (; killPoints < plan.killPoints; seed++) {
    const report = await runWorld({ seed, ...(plan.bug === undefined ? {} : { bug: plan.bug }) });
    killPoints += report.killPoints;
    for (const [name, times] of Object.entries(report.events)) events[name] = (events[name] ?? 0) + times;
    breaches.push(...report.breaches.map((breach) => ({ seed, breach })));
    if (plan.untilBreach === true && breaches.length > 0) break;
  }
  return { worlds: seed - plan.firstSeed, killPoints, events, breaches };
}
