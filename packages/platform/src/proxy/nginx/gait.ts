// How closely an NGINX is watched, by how busy it is. To tell of a request and to look for the closing file are a system call each: beside a few
// hundred requests a second they are nothing, beside twenty thousand they are a tenth of all it does. A change of gait is a reload, so a slower one
// is taken only when it has been quiet for a while.

export interface Gait {
  /** Requests a second from which it is taken. */
  readonly fromPerS: number;
  /** One request of so many is told of. */
  readonly tellEvery: number;
  /** One request of so many looks for the closing file. */
  readonly lookEvery: number;
  /** How long that file lies there before the change, so that busy clients have asked. */
  readonly bellMs: number;
}

const walk: Gait = { fromPerS: 0, tellEvery: 1, lookEvery: 1, bellMs: 100 };
const trot: Gait = { fromPerS: 400, tellEvery: 20, lookEvery: 1, bellMs: 100 };
const gallop: Gait = { fromPerS: 8000, tellEvery: 200, lookEvery: 8, bellMs: 250 };
const gaits = [gallop, trot, walk];
/** Slower only when there are so many times fewer requests than the gait begins at, for so long. */
const quietShare = 1 / 4;
const quietMs = 15_000;

export interface Rider {
  readonly gait: Gait;
  /** Looks at the rate of now; the gait may be another after it. */
  look(ratePerS: number, nowMs: number): Gait;
}

/** Begins with the gait that the text of a running configuration was drawn for. */
export function createRider(text: string): Rider {
  let gait = gaitOf(text);
  let quietSinceMs: number | undefined;
  return {
    get gait() {
      return gait;
    },
    look(ratePerS, nowMs) {
      const wanted = gaits.find(({ fromPerS }) => ratePerS >= fromPerS) ?? walk;
      if (wanted.fromPerS > gait.fromPerS) gait = wanted;
      const isQuiet = ratePerS < gait.fromPerS * quietShare;
      quietSinceMs = isQuiet ? (quietSinceMs ?? nowMs) : undefined;
      if (quietSinceMs !== undefined && nowMs - quietSinceMs >= quietMs) {
        gait = wanted;
        quietSinceMs = undefined;
      }
      return gait;
    },
  };
}

/** The gait that a configuration's text was drawn for. */
export function gaitOf(text: string): Gait {
  return gaits.find(({ tellEvery }) => text.includes(`${(100 / tellEvery).toFixed(2)}% 1;`)) ?? walk;
}
