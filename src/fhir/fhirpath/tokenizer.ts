// The words of a FHIRPath text. https://hl7.org/fhirpath/N1/#lexical-elements

/** `text`: without quotes and marks; of a variable with its mark (`%resource`, `$this`). */
export interface Token {
  kind: 'name' | 'quoted' | 'variable' | 'string' | 'number' | 'date' | 'mark';
  text: string;
}

const TOKEN =
  /(?<space>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<date>@(?:T[\d:.]+|\d{4}(?:-\d\d){0,2}(?:T[\d:.]*(?:Z|[+-]\d\d:\d\d)?)?))|(?<number>\d+(?:\.\d+)?)|(?<string>'(?:[^'\\]|\\.)*')|(?<quoted>`(?:[^`\\]|\\.)*`)|(?<variable>%(?:[A-Za-z_][\w-]*|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|\$(?:this|index|total))|(?<name>[A-Za-z_]\w*)|(?<mark><=|>=|!=|!~|[-+*/&|<>=~()[\]{}.,])/y;

/** The words in order; an Error when something is no word. Spaces and comments are left out. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`"${text.slice(at, at + 10)}" is no FHIRPath`);
    at = TOKEN.lastIndex;
    const [kind, word] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!;
    if (kind !== 'space') tokens.push({ kind: kind as Token['kind'], text: decodeToken(kind, word) });
  }
  return tokens;
}

function decodeToken(kind: string, word: string): string {
  if (kind === 'string' || kind === 'quoted') return unescapeText(word.slice(1, -1));
  if (kind === 'date') return word.slice(1);
  const quoted = kind === 'variable' && /^%['`](.*)['`]$/s.exec(word);
  return quoted ? `%${unescapeText(quoted[1]!)}` : word;
}

const CONTROL_ESCAPES: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t' };

/** An escape that is none keeps its backslash: published expressions write `'\d'` and mean the regular expression. */
const unescapeText = (text: string): string =>
  text.replace(/\\(?:u([0-9A-Fa-f]{4})|(.))/gs, (whole, hex: string | undefined, letter: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return CONTROL_ESCAPES[letter] ?? (/['"`\\/]/.test(letter) ? letter : whole);
  });
