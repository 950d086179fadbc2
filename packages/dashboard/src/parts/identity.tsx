// Who is meant: a unit's name with its own colour beside it, the same on every part of the page.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** Hue of each unit; filled by the page. */
export const Hues = createContext<ReadonlyMap<string, number>>(new Map());

/** A style that carries the unit's hue to the style sheet as --hue. */
export function useHue(unit: string | undefined): Record<string, string> {
  const hue = useContext(Hues).get(unit ?? '');
  return hue === undefined ? {} : { '--hue': String(hue) };
}

/** A swatch and a name; the name may be a replica's. */
export function Identity({ unit, name }: { unit: string; name?: string }) {
  return (
    <span class="identity" style={useHue(unit)}>
      <span class="swatch" aria-hidden="true" />
      {name ?? unit}
    </span>
  );
}
