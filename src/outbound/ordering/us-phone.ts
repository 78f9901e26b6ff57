// A US telephone number in E.164, from the ways people write it. https://www.nanpa.com/numbering/numbering-plan-area-code-area-codes

/** Area code and exchange begin with 2 to 9. */
const NUMBER = /^(?:\+?1)?([2-9]\d{2}[2-9]\d{6})$/;
const BETWEEN = /^tel:|[\s().\-/]/gi;

/** `(518) 473-1122`, `+1 518 473 1122` → `+15184731122`; undefined when it is no US number. An extension is left out: a message has none. */
export function usPhone(text: string): string | undefined {
  const number = NUMBER.exec(text.replace(/(?:,|;|x|ext\.?)\s*(?:ext=)?\d+\s*$/i, '').replace(BETWEEN, ''))?.[1];
  return number && `+1${number}`;
}
