// Reads a whole number from the command line, with a bound; anything else is a usage error that says what was wanted.
import { cliError } from '../errors.ts';

/** Gives a reader of whole numbers of at least `min`. It throws HALE_CLI_USAGE. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < min) {
      throw cliError('HALE_CLI_USAGE', `'${text}' is not a whole number of at least ${min}`);
    }
    return value;
  };
}
