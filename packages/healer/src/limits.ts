// Every number the healer lives by, in one place, with its reason. A doctor's dosage table: nothing else in this room
// holds a bare duration. What a user may tune (hang.after, probes, grace) comes with the unit instead.

export const limits = {
  /** A stall, a silence or a wait this long is suspicious: reversible isolation only. */
  suspectAfterMs: 1_000,
  /** A witness counts once it has said the same for this long. */
  witnessAfterMs: 1_000,
  /** Nobody is condemned on an observation older than this. */
  freshMs: 1_000,
  /** Restart delay: full jitter over min(cap, base x 2^n); the first unexpected exit restarts at once. */
  backoffBaseMs: 250,
  backoffCapMs: 60_000,
  /** A life this long (or five times its start) starts the count of failures again. */
  steadyAfterMs: 30_000,
  /** A crash loop: this many exits of one replica, or of one unit, within the window. */
  loopWindowMs: 60_000,
  replicaExitsMax: 5,
  unitExitsMax: 10,
  /** INV-06: equal remedies that failed in a row before a person is asked. */
  equalFailuresMax: 3,
  /** While held, one slow try every 30 to 60 s: a dependency that comes back must not leave its users down. */
  heldRetryMinMs: 30_000,
  heldRetryMaxMs: 60_000,
  /** What is full for a moment only (a file that is written and taken away) ends nobody. */
  fullDiskMs: 3_000,
  /** A folder that is gone is looked for twice. */
  dataGoneMs: 400,
  /** Where the disk is full: only a try tells that there is room again. */
  fullRetryMinMs: 15_000,
  fullRetryMaxMs: 20_000,
  /** The one ledger: actions in the window, of one replica, of one unit, of all. */
  ledgerWindowMs: 60_000,
  replicaActionsMax: 5,
  unitActionsMax: 10,
  allActionsMax: 30,
  /** A failing readiness probe is left to itself for this long before a replacement is tried. */
  notReadyPatienceMs: 30_000,
  /** A readiness failure is told as an incident after this long: a system-wide failure must be seen as one first. */
  notReadyTellMs: 2_000,
  /** A new life may take this long from started to ready. */
  readyWithinMs: 15_000,
  /** A fallback shorter than this is no incident; and it is over once none was reported for this long. */
  degradedTellMs: 1_000,
  degradedClearMs: 3_000,
  /** A store that lacks log for less than this is catching up. */
  logBehindMs: 300_000,
  /** Memory over its limit in this many observations in a row. */
  overMemoryObservations: 3,
  /** The symptom must stay away this long before a remedy counts as verified: after an exit, and otherwise. */
  verifyExitMs: 250,
  verifyMs: 1_000,
  /** Probes of this share of the probed replicas, in at least two units, failing within `observerWindowMs`: it is us, or something shared. */
  observerShare: 0.6,
  observerClearShare: 0.3,
  observerUnitsMin: 2,
  /** For so long a doubt is not explained away by what goes down during it. */
  observerDoubtMs: 60_000,
  observerWindowMs: 5_000,
  /** After our own loop lagged, nothing is condemned for this long. */
  discountMs: 2_000,
  /** A busy host starves probes and heartbeats alike: then only the kernel's word makes a second witness. */
  hostBusyRatio: 0.9,
  hostBusyMs: 5_000,
  /** Except where a database's primary has answered nobody for so long: then it is not for want of a core. */
  deafOnBusyHostMs: 12_000,
  /** A loop that stands no longer than this turns. */
  turningMs: 300,
  /** A program whose loop has not been seen turning may compile for so long after its startup probe passed, or as long as it may start. */
  settleMs: 2_000,
  /** A long pause makes us patient for this long. */
  pauseMemoryMs: 600_000,
  /** Executor deadlines on top of what the command itself takes. */
  startDeadlineMs: 15_000,
  stopMarginMs: 10_000,
  publishDeadlineMs: 5_000,
  /** A table that could not be written is published again after so long. */
  publishAgainMs: 2_000,
  /** Copying a large database takes as long as it takes. */
  copyDeadlineMs: 6 * 3_600_000,
  /** One step of a failover; it is asked again after the pause, which is longer once it has been asked so often in vain. */
  clusterDeadlineMs: 3_000,
  clusterAgainMs: 250,
  clusterTriesMax: 10,
  clusterSlowMs: 1_000,
  /** So long a failover is tried before the old primary is started again instead. */
  electionMs: 10_000,
  /** 'available': the primary goes on alone when what it wrote has not arrived for so long; a failover is shorter. */
  aloneAfterMs: 5_000,
  /** What was acknowledged alone counts as shared so long after the primary was told to wait again. */
  sharedAfterMs: 10_000,
  /** A move to another region waits so long for standbys that should be fenced as well. */
  moveMs: 2_000,
  /** 'available': an old primary that alone has everything is waited for. */
  givenUpMs: 20_000,
  /** What a node said of itself is older than the observation of it by so much at most. */
  lookAgeMs: 2_000,
  /** A standby that follows and receives nothing for this long is copied anew. */
  dryMs: 20_000,
  /** Findings of one cause in one unit within this time are one incident. */
  groupMs: 5_000,
  incidentsMax: 200,
  evidenceMax: 12,
  remediesMax: 20,
  goneMax: 8,
  livesMax: 3,
  releasesMax: 10,
  replicasMax: 100,
} as const;
