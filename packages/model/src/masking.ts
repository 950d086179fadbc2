// The black pen of the house: what may be shown of an environment, and how values of secrets are struck out of any text
// (INV-12). It never learns a secret's value by itself; whoever spawns processes hands the values in.
import type { EnvValue } from './spec.ts';

export const maskText = '***';

const secretName = /(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)(_|$)/i;

/** Whether a variable's name says that its value is nobody's business. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** What may be shown of a variable: references by their name; plain text unless the variable's name says that it is a secret. */
export function maskEnvValue(name: string, value: EnvValue): string {
  switch (value.kind) {
    case 'secret':
      return `secret(${value.name})`;
    case 'env':
      return `env(${value.name})`;
    case 'text':
      return isSecretName(name) ? maskText : maskUrlPassword(value.text);
  }
}

export function maskEnv(env: Readonly<Record<string, EnvValue>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, maskEnvValue(name, value)]));
}

/** Shorter values would strike out half of every text ('1', 'on'). */
const secretLengthMin = 4;

/** `text` with every occurrence of each of `secrets` struck out, as it is and as JSON and URLs spell it. Other encodings (base64) are not looked for. */
export function strikeOut(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length < secretLengthMin) continue;
    for (const spelling of new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])) {
      masked = masked.replaceAll(spelling, maskText);
    }
  }
  return masked;
}

/** 'postgres://shop:pw@host/db' -> 'postgres://shop:***@host/db'. */
export function maskUrlPassword(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:)[^\s@/]+@/gi, `$1${maskText}@`);
}
