// The scenarios, in the drills' own language: each breaks one thing and says how it must end. The same text
// is played by the simulator (its conversations are the goldens in packages/drill/scenarios) and by whoever brings live hands.
import { assert } from '@hale/base';
import type { DrillScript } from '../script/language.ts';
import { parseDrill } from '../script/parse.ts';

const texts: readonly string[] = [
  `drill crash
load 1000/s for 20s
at 3s kill orders/1 SIGKILL
expect healed within 5s
expect restarts 1
expect failed 0`,

  `drill exit
load 1000/s for 20s
at 3s exit orders/1 code 3
expect healed within 5s
expect restarts 1
expect failed 0`,

  `drill hang
load 1000/s for 20s
at 3s stop orders/1
expect suspected within 1.5s
expect healed within 7s
expect restarts 1
expect failed 0`,

  `drill block
load 1000/s for 20s
at 3s block orders/1 for 10m
expect suspected within 1.5s
expect healed within 7s
expect restarts 1
expect failed 0`,

  `drill crash-loop
at 3s crash-loop orders for 20s
watch for 2m
expect held within 60s
expect healed within 2m`,

  `drill slow-start
at 3s slow-start orders for 40s
watch for 3m
expect healed within 2m`,

  `drill bad-probe
at 3s bad-probe all for 20s
watch for 40s
expect observer-blamed within 5s
expect restarts 0
expect failed 0`,

  `drill bad-probe-one
at 3s bad-probe orders for 90s
watch for 3m
expect held within 90s`,

  `drill all-replicas-killed
load 1000/s for 20s
at 3s kill every orders
expect healed within 5s
expect restarts 3
expect failed 0`,

  `drill control-killed
load 1000/s for 20s
at 3s kill control
expect adopted within 2s
expect restarts 0
expect failed 0`,

  `drill keeper-killed
load 1000/s for 20s
at 3s kill keeper
at 6s kill orders/0 SIGKILL
expect healed within 35s
expect restarts 1
expect failed 0`,

  `drill gateway-worker-killed
load 1000/s for 20s
at 3s kill gateway/1 SIGKILL
expect healed within 5s
expect restarts 1
expect failed 0`,

  `drill gateway-worker-frozen
load 1000/s for 20s
at 3s stop gateway/1
expect healed within 7s
expect restarts 1
expect failed 0`,

  `drill surge
load 1000/s for 20s
at 3s kill orders/0 SIGKILL
at 3s kill payments/1 SIGKILL
at 3.2s kill storefront/0 SIGKILL
at 3.4s block inventory/0 for 10m
expect healed within 8s
expect restarts 4
expect failed 0`,

  `drill rolling-restart
load 1000/s for 30s
at 3s restart orders
expect rolled within 20s
expect restarts 3
expect failed 0`,
];

/** Every scenario, read and without a problem. */
export const scenarios: readonly DrillScript[] = texts.map((text) => {
  const { value, problems } = parseDrill(text);
  assert(value !== undefined, problems.map((one) => one.message).join('; '));
  return value;
});
