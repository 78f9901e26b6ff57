// The names that administrators give: one line of text, as lists show it.
import { AdministrationError } from './administration-error.ts';

const MAX_LENGTH = 200;
const CONTROL = /\p{Cc}/u;

export function checkLine(text: string, field: string): void {
  if (text.length === 0 || text.length > MAX_LENGTH || CONTROL.test(text))
    throw new AdministrationError('invalid', ` must be one line of 1 to ${MAX_LENGTH} characters`, field);
}
