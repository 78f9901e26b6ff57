// Contact points in the formats that the lab network accepts: US telephone numbers in E.164, and e-mail addresses.

// https://www.nanpa.com/numbering/numbering-plan-area-code-area-codes
/** Area code and exchange begin with 2 to 9. */
const US_NUMBER = /^(?:\+?1)?([2-9]\d{2}[2-9]\d{6})$/;
/** Numbers that are not assigned: area code 555, service codes (911, 411) as area code or exchange, and the fictional numbers 555-0100 to 555-0199. */
const RESERVED_NUMBER = /^(?:555|[2-9]11|\d{3}[2-9]11|\d{3}55501)/;
const SEPARATORS = /^tel:|[\s().\-/]/gi;

/** `(518) 473-1122`, `+1 518 473 1122` → `+15184731122`. Undefined: not a US number, or a reserved one. An extension is removed: a text message has none. */
export function toUsPhone(text: string): string | undefined {
  const number = US_NUMBER.exec(text.replace(/(?:,|;|x|ext\.?)\s*(?:ext=)?\d+\s*$/i, '').replace(SEPARATORS, ''))?.[1];
  return number === undefined || RESERVED_NUMBER.test(number) ? undefined : `+1${number}`;
}

// https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2, https://www.rfc-editor.org/rfc/rfc6531#section-3.3
const LOCAL_ATOM = "[\\p{L}\\p{M}\\p{N}!#$%&'*+/=?^_`{|}~-]+";
const DOMAIN_LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N}-]{0,61}[\\p{L}\\p{M}\\p{N}])?';
/** The last label begins with a letter: a numeric IP address is not accepted as a domain. */
const EMAIL_ADDRESS = new RegExp(`^${LOCAL_ATOM}(?:\\.${LOCAL_ATOM})*@(?:${DOMAIN_LABEL}\\.)+(?=\\p{L})${DOMAIN_LABEL}$`, 'u');
const MAX_ADDRESS_LENGTH = 254;
const MAX_LOCAL_PART_LENGTH = 64;

/** Without surrounding spaces. Undefined: not an e-mail address. */
export function toEmailAddress(text: string): string | undefined {
  const address = text.trim();
  if (address.length > MAX_ADDRESS_LENGTH || address.indexOf('@') > MAX_LOCAL_PART_LENGTH) return undefined;
  return EMAIL_ADDRESS.test(address) ? address : undefined;
}
