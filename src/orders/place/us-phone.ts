// A US telephone number in E.164, from the ways people write it. https://www.nanpa.com/numbering/numbering-plan-area-code-area-codes

/** Area code and exchange begin with 2 to 9. */
const NUMBER = /^(?:\+?1)?([2-9]\d{2}[2-9]\d{6})$/;
/** Nobody's: the area code 555, service codes (911, 411) as area code or exchange, and the numbers for films, 555-0100 to 555-0199. */
const RESERVED = /^(?:555|[2-9]11|\d{3}[2-9]11|\d{3}55501)/;
const BETWEEN = /^tel:|[\s().\-/]/gi;

/** `(518) 473-1122`, `+1 518 473 1122` → `+15184731122`; undefined when it is no US number, or one that nobody can have. An extension is left out: a message has none. */
export function usPhone(text: string): string | undefined {
  const number = NUMBER.exec(text.replace(/(?:,|;|x|ext\.?)\s*(?:ext=)?\d+\s*$/i, '').replace(BETWEEN, ''))?.[1];
  return number === undefined || RESERVED.test(number) ? undefined : `+1${number}`;
}
