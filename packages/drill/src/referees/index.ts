// The team of referees that every simulated game is watched by.
import { refereeBudget } from './budget.ts';
import { refereeFloor } from './floor.ts';
import { refereeFutility } from './futility.ts';
import { refereeHearing } from './hearing.ts';
import { refereeHonestClaims } from './honest-claims.ts';
import { refereeLedAgain } from './led-again.ts';
import { refereeLedAstray } from './led-astray.ts';
import { refereeLoneWord } from './lone-word.ts';
import { refereeNoAckedLoss } from './no-acked-loss.ts';
import { refereeNoFalseFailover } from './no-false-failover.ts';
import { refereeNoFalseKill } from './no-false-kill.ts';
import { refereeNoStorm } from './no-storm.ts';
import { refereeObserver } from './observer.ts';
import type { RefereeMaker } from './referee.ts';
import { refereeRefusals } from './refusals.ts';
import { refereeTwoWitnesses } from './two-witnesses.ts';

export const allReferees: readonly RefereeMaker[] = [
  refereeFloor,
  refereeNoFalseKill,
  refereeTwoWitnesses,
  refereeBudget,
  refereeHonestClaims,
  refereeFutility,
  refereeNoStorm,
  refereeObserver,
  refereeRefusals,
  refereeNoAckedLoss,
  refereeNoFalseFailover,
  refereeHearing,
  refereeLedAstray,
  refereeLedAgain,
  refereeLoneWord,
];
