// Names of other worlds as names of TypeScript (reserved words only ever become properties, where they may stand): 'charge-refund.v2' is chargeRefundV2 for a value and ChargeRefundV2 for a type.
// Anything that is no letter or digit ends a word; what would begin with a digit gets an underscore.

export function camelCase(text: string): string {
  const name = wordsOf(text)
    .map((word, index) => (index === 0 ? word.charAt(0).toLowerCase() + word.slice(1) : capital(word)))
    .join('');
  return safe(name);
}

export function pascalCase(text: string): string {
  return safe(wordsOf(text).map(capital).join(''));
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function safe(name: string): string {
  if (name === '') return '_';
  return /^\d/.test(name) ? `_${name}` : name;
}
