// The panel that slides in beside the page and never replaces it. Escape and the button close it; focus goes in when it
// opens and back to where it came from when it closes.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { nothing, printAddress } from '../story/address.ts';

interface Props {
  kind: string;
  title: ComponentChildren;
  children: ComponentChildren;
  /** Changes when another subject is shown. */
  subject: string;
}

export function SidePanel({ kind, title, children, subject }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const address = useRef('');
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') closePanel();
    };
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', onKey);
      goBackTo(address.current);
    };
  }, []);
  useEffect(() => {
    address.current = location.hash;
    heading.current?.focus({ preventScroll: true });
  }, [subject]);
  return (
    <aside class="panel" aria-label={`${kind} details`}>
      <header>
        <div>
          <p class="kind">{kind}</p>
          <h2 tabIndex={-1} ref={heading}>
            {title}
          </h2>
        </div>
        <button type="button" class="close" onClick={closePanel} aria-label="Close the panel (Escape)">
          <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" class="stroke" />
          </svg>
        </button>
      </header>
      {children}
    </aside>
  );
}

/**
 * Puts the focus on the link that leads to the panel just closed. The link is looked up by its address, after the browser is
 * done with the change of the fragment: that change may take the focus away at any moment before.
 */
function goBackTo(address: string): void {
  requestAnimationFrame(() => {
    const links = [...document.querySelectorAll<HTMLAnchorElement>('main a')];
    links.find((link) => link.hash === address)?.focus({ preventScroll: true });
  });
}

function closePanel(): void {
  location.hash = printAddress(nothing);
}

/** Names and values, in two columns. */
export function Facts({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts-grid">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
