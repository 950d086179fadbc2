// Moves the dashes along the arrows, eight steps a second. A CSS animation would be shorter to write, but the browser works
// for every one of its frames even where nothing moves between two steps, which cost nearly three times as much in a page
// left open all day. Whoever prefers less motion sees the dashes stand.
import { useEffect } from 'preact/hooks';

const stepMs = 125;
const stepPx = 2;
/** A multiple of every dash pattern's length, so that going round is not seen. */
const roundPx = 24;

/** Moves `stroke-dashoffset` of `drawing`, which its dashes inherit, while something flows. */
export function useMarch(drawing: { current: SVGSVGElement | null }, flowing: boolean): void {
  useEffect(() => {
    if (!flowing || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    let offset = roundPx;
    const timer = setInterval(() => {
      if (document.hidden) return;
      offset = offset <= stepPx ? roundPx : offset - stepPx;
      drawing.current?.setAttribute('stroke-dashoffset', String(offset));
    }, stepMs);
    return () => clearInterval(timer);
  }, [flowing]);
}
