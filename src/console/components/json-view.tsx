// JSON as it was sent, indented and coloured without parsing, so that 1.00 stays 1.00.
import { CopyButton } from './copy-button.tsx';

interface JsonViewProps {
  /** The text of the JSON, or a value. */
  json: string | object;
  label: string;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|\s+|./g;

interface Piece {
  kind: 'key' | 'string' | 'number' | 'word' | 'mark';
  text: string;
}

export function JsonView({ json, label }: JsonViewProps) {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  const pieces = layOut(text);
  return (
    <div class="json-view">
      <CopyButton text={() => pieces.map((piece) => piece.text).join('')} label={`Copy ${label}`} />
      <section class="json-text" aria-label={label} tabIndex={0}>
        <pre>
          {pieces.map(({ kind, text: shown }, at) =>
            kind === 'mark' ? (
              shown
            ) : (
              <span key={at} class={kind}>
                {shown}
              </span>
            ),
          )}
        </pre>
      </section>
    </div>
  );
}

/** The pieces of the text with two spaces for each level. */
function layOut(text: string): Piece[] {
  const tokens = (text.match(TOKEN) ?? []).filter((token) => token.trim() !== '');
  const pieces: Piece[] = [];
  let depth = 0;
  const lineBreak = (): string => `\n${'  '.repeat(depth)}`;
  for (const [at, token] of tokens.entries()) {
    const isClosed = '}]'.includes(tokens[at + 1] ?? ' ');
    if ('{['.includes(token)) {
      if (!isClosed) depth++;
      pieces.push({ kind: 'mark', text: isClosed ? token : token + lineBreak() });
    } else if ('}]'.includes(token)) {
      const isEmpty = '{['.includes(tokens[at - 1] ?? ' ');
      if (!isEmpty) depth--;
      pieces.push({ kind: 'mark', text: isEmpty ? token : lineBreak() + token });
    } else if (token === ',') pieces.push({ kind: 'mark', text: token + lineBreak() });
    else if (token === ':') pieces.push({ kind: 'mark', text: ': ' });
    else pieces.push({ kind: classify(token, tokens[at + 1]), text: token });
  }
  return pieces;
}

function classify(token: string, next: string | undefined): Piece['kind'] {
  if (token.startsWith('"')) return next === ':' ? 'key' : 'string';
  return /^[-\d]/.test(token) ? 'number' : 'word';
}
