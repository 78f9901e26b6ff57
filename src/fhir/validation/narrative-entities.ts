// The character references of a narrative: numbers of characters that XML allows, and the names that XHTML 1.0 defines.
// https://hl7.org/fhir/R4/narrative.html#xhtml, https://www.w3.org/TR/xhtml1/#a_dtd_Entities. Names that only HTML 5 has (&Tab;) are not XHTML.
import { decodeHTMLStrict } from 'entities';
import { isXmlCharacter } from '../xml-character.ts';

/** The names of XHTML 1.0: those of its three sets (Latin 1, special, symbols). */
const NAMES = new Set(
  (
    'AElig Aacute Acirc Agrave Alpha Aring Atilde Auml Beta Ccedil Chi Dagger Delta ETH Eacute Ecirc Egrave Epsilon Eta Euml Gamma Iacute Icirc ' +
    'Igrave Iota Iuml Kappa Lambda Mu Ntilde Nu OElig Oacute Ocirc Ograve Omega Omicron Oslash Otilde Ouml Phi Pi Prime Psi Rho Scaron Sigma ' +
    'THORN Tau Theta Uacute Ucirc Ugrave Upsilon Uuml Xi Yacute Yuml Zeta aacute acirc acute aelig agrave alefsym alpha amp and ang apos aring ' +
    'asymp atilde auml bdquo beta brvbar bull cap ccedil cedil cent chi circ clubs cong copy crarr cup curren dArr dagger darr deg delta diams ' +
    'divide eacute ecirc egrave empty emsp ensp epsilon equiv eta eth euml euro exist fnof forall frac12 frac14 frac34 frasl gamma ge gt hArr ' +
    'harr hearts hellip iacute icirc iexcl igrave image infin int iota iquest isin iuml kappa lArr lambda lang laquo larr lceil ldquo le lfloor ' +
    'lowast loz lrm lsaquo lsquo lt macr mdash micro middot minus mu nabla nbsp ndash ne ni not notin nsub ntilde nu oacute ocirc oelig ograve ' +
    'oline omega omicron oplus or ordf ordm oslash otilde otimes ouml para part permil perp phi pi piv plusmn pound prime prod prop psi quot rArr ' +
    'radic rang raquo rarr rceil rdquo real reg rfloor rho rlm rsaquo rsquo sbquo scaron sdot sect shy sigma sigmaf sim spades sub sube sum sup ' +
    'sup1 sup2 sup3 supe szlig tau there4 theta thetasym thinsp thorn tilde times trade uArr uacute uarr ucirc ugrave uml upsih upsilon uuml ' +
    'weierp xi yacute yen yuml zeta zwj zwnj'
  ).split(' '),
);
const AMPERSAND = /&(?:#(?:(\d+)|x([0-9A-Fa-f]+));|([A-Za-z][A-Za-z0-9]*);)?/g;

/** Every ampersand begins a reference to a character of XML. */
export function hasKnownEntitiesOnly(source: string): boolean {
  if (!source.includes('&')) return true;
  for (const [, decimal, hex, name] of source.matchAll(AMPERSAND)) {
    if (name === undefined ? !isXmlCharacter(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)) : !NAMES.has(name))
      return false;
  }
  return true;
}

/** The text with characters in place of their references. */
export const decodeEntities = (value: string): string => (value.includes('&') ? decodeHTMLStrict(value) : value);
