// What the page shows lives in its address, after the #: a link to a replica or an incident can be sent to a colleague,
// and the browser's back button closes what was opened. '#/replica/orders/0', '#/unit/orders', '#/incident/01J...'.

export type Subject =
  | { readonly kind: 'none' }
  | { readonly kind: 'unit'; readonly unit: string }
  | { readonly kind: 'replica'; readonly replica: string }
  | { readonly kind: 'incident'; readonly incident: string };

export const nothing: Subject = { kind: 'none' };

/** Reads location.hash; anything unknown is nothing. */
export function parseAddress(hash: string): Subject {
  const match = /^#\/(unit|replica|incident)\/(.+)$/.exec(hash);
  const rest = match?.[2] === undefined ? undefined : decode(match[2]);
  if (rest === undefined) return nothing;
  switch (match?.[1]) {
    case 'unit':
      return { kind: 'unit', unit: rest };
    case 'replica':
      return { kind: 'replica', replica: rest };
    default:
      return { kind: 'incident', incident: rest };
  }
}

/** The hash that shows `subject`; '#/' for nothing. */
export function printAddress(subject: Subject): string {
  const encode = (text: string) => text.split('/').map(encodeURIComponent).join('/');
  switch (subject.kind) {
    case 'none':
      return '#/';
    case 'unit':
      return `#/unit/${encode(subject.unit)}`;
    case 'replica':
      return `#/replica/${encode(subject.replica)}`;
    case 'incident':
      return `#/incident/${encode(subject.incident)}`;
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
