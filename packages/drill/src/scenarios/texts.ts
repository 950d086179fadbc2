// The scenarios, in the drills' own language: each breaks one thing and says how it must end. The same text
// is played by the simulator (its conversations are the goldens in packages/drill/scenarios) and by whoever brings live hands.
import { assert } from '@hale/base';
import type { DrillScript } from '../script/language.ts';
import { parseDrill } from '../script/parse.ts';

const texts: readonly string[] = [
  `drill crash
about SIGKILL to one replica
load 1000/s
at 3s kill pricing/? SIGKILL
expect healed within 5s
expect restarts 1
expect failed 0`,

  `drill exit
about one replica leaves with code 3
load 1000/s
at 3s exit pricing/? code 3
expect healed within 5s
expect restarts 1
expect failed 0`,

  `drill hang
about SIGSTOP to one replica: it is there, and does nothing
load 1000/s
at 3s stop pricing/?
expect suspected within 1.5s
expect healed within 7s
expect restarts 1
expect failed 0`,

  `drill block
about while(true) in one replica
load 1000/s
at 3s block pricing/? for 10m
expect suspected within 1.5s
expect healed within 7s
expect restarts 1
expect failed 0`,

  `drill crash-loop
about one replica exits, and so do its new lives for 20 s
load 1000/s
at 3s crash-loop pricing/? for 20s
expect held within 60s
expect healed within 90s
expect failed 0`,

  `drill slow-start
about one replica is killed, and for 40 s its new lives never get ready
load 1000/s
at 3s slow-start pricing/? for 40s
expect healed within 2m
expect failed 0`,

  `drill bad-probe
about the probes of every service fail at once, traffic is fine: nobody may be touched
load 1000/s
at 3s bad-probe all for 20s
watch for 40s
expect observer-blamed within 5s
expect restarts 0
expect failed 0`,

  `drill bad-probe-one
about the probes of one service fail, traffic is fine: one replica at a time, then a person
load 1000/s
at 3s bad-probe pricing for 90s
watch for 3m
expect held within 90s
expect failed 0`,

  `drill all-replicas-killed
about SIGKILL to every replica of a service at once
load 1000/s
at 3s kill every pricing
expect healed within 5s
expect restarts 3
expect failed 0`,

  `drill control-killed
about SIGKILL to the control room: nobody else may notice
load 1000/s
at 3s kill control
expect adopted within 2s
expect restarts 0
expect failed 0`,

  `drill keeper-killed
about SIGKILL to the keeper, the parent of all; then a replica dies
load 1000/s
at 3s kill keeper
at 6s kill pricing/? SIGKILL
expect healed within 35s
expect restarts 1
expect failed 0`,

  `drill gateway-worker-killed
about SIGKILL to one gateway worker
load 1000/s
at 3s kill gateway/? SIGKILL
expect healed within 5s
expect restarts 1
expect failed 0`,

  `drill gateway-worker-frozen
about SIGSTOP to one gateway worker
load 1000/s
at 3s stop gateway/?
expect healed within 7s
expect restarts 1
expect failed 0`,

  `drill surge
about four faults at once, in four services
load 1000/s
at 3s kill pricing/? SIGKILL
at 3s kill payments/? SIGKILL
at 3.2s kill storefront/? SIGKILL
at 3.4s block orders/? for 10m
expect healed within 8s
expect restarts 4
expect failed 0`,

  `drill rolling-restart
about every replica of a service is replaced, one after the other
load 1000/s
at 3s restart pricing
expect rolled within 20s
expect restarts 3
expect failed 0`,

  `drill primary-killed
about SIGKILL to the primary of a database that has standbys: one of them takes over
load 200/s
at 3s kill primary of db
expect failed-over within 2s
expect healed within 30s
expect restarts 1
expect failed 0`,

  `drill primary-frozen
about SIGSTOP to the primary of a database that has standbys: it is there, and may still acknowledge
load 200/s
at 3s stop primary of db
expect suspected within 1.5s
expect failed-over within 6s
expect healed within 30s
expect restarts 2`,

  `drill primary-and-standby-killed
about SIGKILL to the primary and a standby: nobody is promoted on a guess, the old primary is started again
load 200/s
at 3s kill primary and standby of db
expect healed within 30s
expect restarts 2`,
];

/** Every scenario, read and without a problem. */
export const scenarios: readonly DrillScript[] = texts.map((text) => {
  const { value, problems } = parseDrill(text);
  assert(value !== undefined, problems.map((one) => one.message).join('; '));
  return value;
});
