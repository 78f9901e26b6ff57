// An e-mail address that a message can be sent to: a dot-atom before the @, a domain name of at least two labels behind it. Other languages' letters are taken.
// https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2, https://www.rfc-editor.org/rfc/rfc6531#section-3.3

const ATOM = "[\\p{L}\\p{M}\\p{N}!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N}-]{0,61}[\\p{L}\\p{M}\\p{N}])?';
/** The last label is no number: an address of a machine has no mailbox of a patient. */
const ADDRESS = new RegExp(`^${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+(?=\\p{L})${LABEL}$`, 'u');
const LONGEST = 254;
const LONGEST_LOCAL_PART = 64;

/** Without the spaces around it; undefined when it is no address. */
export function emailAddress(text: string): string | undefined {
  const address = text.trim();
  if (address.length > LONGEST || address.indexOf('@') > LONGEST_LOCAL_PART) return undefined;
  return ADDRESS.test(address) ? address : undefined;
}
