// The black pen: takes the values of secrets out of whatever a program said (its last words, a probe's reason, a log line)
// before anybody keeps it or shows it (INV-12). It knows the values only in memory. Very short values are left: masking every
// "1" would hide more than it protects, and a secret of three letters is none.

export interface SecretMask {
  /** From now on these values too; those known before stay known, because old logs still hold them. */
  learn(values: Iterable<string>): void;
  text(text: string): string;
  /** The same value where nothing had to be masked, else a masked copy. Plain JSON only. */
  deep<T>(value: T): T;
  readonly values: readonly string[];
}

const lengthMin = 4;
const valuesMax = 1_000;
const masked = '[secret]';
/** A password in a URL is one whoever it belongs to. */
const passwordInUrl = /([a-z][a-z0-9+.-]{0,31}:\/\/[^\s:@/"]{0,256}:)[^\s@/"]{1,512}@/gi;

export function createSecretMask(): SecretMask {
  let values: readonly string[] = [];
  const text = (given: string): string => {
    let result = given.includes('://') ? given.replace(passwordInUrl, `$1${masked}@`) : given;
    for (const value of values) if (result.includes(value)) result = result.replaceAll(value, masked);
    return result;
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) {
      const copy = value.map(walk);
      return copy.some((item, index) => item !== value[index]) ? copy : value;
    }
    let changed = false;
    const copy: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) {
      copy[key] = walk(inner);
      if (copy[key] !== inner) changed = true;
    }
    return changed ? copy : value;
  };
  return {
    learn(more) {
      const all = new Set(values);
      for (const value of more) for (const form of formsOf(value)) all.add(form);
      // Long ones first: a secret that contains another must not be torn.
      values = [...all].sort((a, b) => b.length - a.length).slice(0, valuesMax);
    },
    text,
    deep: <T>(value: T): T => walk(value) as T,
    get values() {
      return values;
    },
  };
}

/** As it is, as it stands in JSON and in a URL, and line by line, because logs cut at lines. */
function formsOf(value: string): string[] {
  const forms = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), ...value.split(/\r?\n/)];
  return forms.map((form) => form.trim()).filter((form) => form.length >= lengthMin);
}
