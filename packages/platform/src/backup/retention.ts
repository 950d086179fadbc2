// Which backups stay. Young ones stay, and always the newest few, and always the newest one that was proven by restoring it: a
// clean-up must never leave only backups of which nobody knows whether they can be read.

export interface Shelved {
  readonly id: string;
  readonly endedAt: number;
  /** Whether the last restore drill of it went well. */
  readonly proven: boolean;
}

export interface Retention {
  /** Younger ones stay. */
  readonly keepMs: number;
  /** So many of the newest stay, however old; at least one. */
  readonly keepCountMin: number;
}

export interface Choice {
  readonly keep: readonly string[];
  readonly drop: readonly string[];
}

export function chooseRetention(backups: readonly Shelved[], retention: Retention, now: number): Choice {
  const newestFirst = [...backups].sort((a, b) => b.endedAt - a.endedAt || (a.id < b.id ? 1 : -1));
  const lastProven = newestFirst.find(({ proven }) => proven)?.id;
  const count = Math.max(1, retention.keepCountMin);
  const stays = ({ id, endedAt }: Shelved, index: number) =>
    index < count || id === lastProven || now - endedAt <= retention.keepMs;
  return {
    keep: newestFirst.filter(stays).map(({ id }) => id),
    drop: newestFirst.filter((one, index) => !stays(one, index)).map(({ id }) => id),
  };
}
