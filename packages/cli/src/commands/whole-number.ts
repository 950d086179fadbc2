// Reads a whole number from the command line, with a bound; anything else is a usage error that says what was wanted.
import { cliError } from '../errors.ts';

/** Gives a reader of whole numbers from `min` to `max`. It throws HALE_CLI_USAGE. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < min || value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw cliError('HALE_CLI_USAGE', `'${text}' is not a whole number ${range}`);
    }
    return value;
  };
}
