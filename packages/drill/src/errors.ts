// The codes with which a drill says no: stable names, each with the next thing to type.
import { HaleError } from '@hale/base';

export const drillHints = {
  HALE_DRILL_NO_REPLICA: 'hale ps: the names that a drill may use; --service NAME drills another service',
  HALE_DRILL_NO_CLUSTER:
    'declare standbys, `resources: { db: postgres({ standbys: 2 }) }`, then: hale down && hale up (the data is kept)',
  HALE_DRILL_BAD_SCRIPT: 'correct these lines; packages/drill/src/script/language.ts lists what a drill may say',
  HALE_DRILL_DOOR_CLOSED:
    'start the system with `HALE_DRILL=1 hale up`, with doors like examples/shop/services/drill-door.ts; crash and hang need none',
  HALE_DRILL_NOT_HEALTHY: 'look at it first: hale status',
  HALE_DRILL_PLAN_BAD:
    'write { "mixes": { "drill": [{ "weight": 1, "method": "GET", "path": "/" }] } }, or remove the file to look at every route',
  HALE_DRILL_LOAD_ENDED: 'does the system still run? hale status',
  HALE_DRILL_INTERRUPTED: 'run it again',
} as const;

export type DrillErrorCode = keyof typeof drillHints;

export function drillError(code: DrillErrorCode, message: string, cause?: unknown): HaleError {
  return new HaleError({ code, message, hint: drillHints[code], ...(cause === undefined ? {} : { cause }) });
}
