// One spelling for one value: keys sorted, undefined left out. Two runs that did the same print the same text,
// and a hash of it (FNV-1a, 64 bits as two 32-bit halves) can be compared.

/** JSON with sorted keys. Throws on cycles, like JSON.stringify. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    const source = inner as Record<string, unknown>;
    return Object.fromEntries(
      Object.keys(source)
        .sort()
        .map((key) => [key, source[key]]),
    );
  });
}

/** A 53-bit-safe hex hash of `text`; not for security. */
export function hashText(text: string, seed = 0): string {
  let a = (0x811c9dc5 ^ seed) >>> 0;
  let b = (0x01000193 + seed) >>> 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193) >>> 0;
    b = Math.imul(b ^ (code + (a >>> 13)), 0x85ebca6b) >>> 0;
  }
  return a.toString(16).padStart(8, '0') + b.toString(16).padStart(8, '0');
}
