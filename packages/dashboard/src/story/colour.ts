// One colour per service, the same everywhere on the page. Colours say who, never how it is: health is told by shape and
// word. Hues are spread so that the first ones differ most, and keep clear of the alarm's red.
import type { UnitName } from '@hale/model';

const hues = [255, 300, 195, 345, 85, 225, 155, 325, 275, 120, 210, 60] as const;

/** A hue (degrees, OKLCH) for each name; stable while the set of names is. */
export function hueOf(names: readonly UnitName[]): ReadonlyMap<UnitName, number> {
  return new Map([...names].sort().map((name, i) => [name, hues[i % hues.length]!]));
}
