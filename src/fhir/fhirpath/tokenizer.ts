// Splits FHIRPath into tokens. https://hl7.org/fhirpath/N1/#lexical-elements

/** `text`: without quotes. A variable includes its mark (`%resource`, `$this`). `start`, `end`: offsets in the expression. */
export interface Token {
  start: number;
  end: number;
  kind: (typeof TOKEN_KINDS)[number];
  text: string;
}

const TOKEN =
  /(?<space>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<date>@(?:T[\d:.]+|\d{4}(?:-\d\d){0,2}(?:T[\d:.]*(?:Z|[+-]\d\d:\d\d)?)?))|(?<number>\d+(?:\.\d+)?)|(?<string>'(?:[^'\\]|\\.)*')|(?<quoted>`(?:[^`\\]|\\.)*`)|(?<variable>%(?:[A-Za-z_][\w-]*|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|\$(?:this|index|total))|(?<name>[A-Za-z_]\w*)|(?<mark><=|>=|!=|!~|[-+*/&|<>=~()[\]{}.,])/y;

/** The tokens in order, without spaces and comments. Throws an Error with the position of the first text that is not a token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(explainUnknownToken(text, at));
    const start = at;
    at = TOKEN.lastIndex;
    const [kind, word] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!;
    if (isTokenKind(kind)) tokens.push({ kind, text: decodeToken(kind, word), start, end: at });
  }
  return tokens;
}

const TOKEN_KINDS = ['name', 'quoted', 'variable', 'string', 'number', 'date', 'mark'] as const;

const isTokenKind = (kind: string): kind is Token['kind'] => TOKEN_KINDS.some((known) => known === kind);

function explainUnknownToken(text: string, at: number): string {
  const where = `at character ${at + 1}`;
  return /^%?['`]/.test(text.slice(at)) ? `the quote ${where} is not closed` : `"${text.slice(at, at + 10)}" ${where} is not FHIRPath`;
}

function decodeToken(kind: string, word: string): string {
  if (kind === 'string' || kind === 'quoted') return unescapeText(word.slice(1, -1));
  if (kind === 'date') return word.slice(1);
  const quoted = kind === 'variable' && /^%['`](.*)['`]$/s.exec(word);
  return quoted ? `%${unescapeText(quoted[1]!)}` : word;
}

const CONTROL_ESCAPES: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t' };

/** An unknown escape keeps its backslash, because published expressions contain regular expressions such as `'\d'`. */
const unescapeText = (text: string): string =>
  text.replace(/\\(?:u([0-9A-Fa-f]{4})|(.))/gs, (whole, hex: string | undefined, letter: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return CONTROL_ESCAPES[letter] ?? (/['"`\\/]/.test(letter) ? letter : whole);
  });
