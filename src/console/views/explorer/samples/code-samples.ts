// A search as a program: for a shell, in JavaScript and in Python. Each sends the parameters in the body, so that no log of a proxy has them, and takes the key from the
// environment.
import type { SearchQuery } from '../query/search-query.ts';

export const LANGUAGES = ['curl', 'JavaScript', 'Python'] as const;
export type Language = (typeof LANGUAGES)[number];

/** `base`: the FHIR base URL. */
export const writeSample = (language: Language, base: string, query: SearchQuery): string =>
  WRITERS[language](`${base}/${query.type}/_search`, query);

const WRITERS: Readonly<Record<Language, (url: string, query: SearchQuery) => string>> = {
  curl: (url, { parameters }) =>
    [
      `curl -sS -X POST ${quoteForShell(url)}`,
      '-H "Authorization: Bearer $FACET_KEY"',
      ...(parameters.length ? [] : ["-d ''"]),
      ...parameters.map(([name, value]) => `--data-urlencode ${quoteForShell(`${encodeName(name)}=${value}`)}`),
    ].join(' \\\n  '),
  JavaScript: (url, { parameters }) => `import { env } from 'node:process';

const response = await fetch(${quote(url)}, {
  method: 'POST',
  headers: { Authorization: \`Bearer \${env.FACET_KEY}\` },
  body: new URLSearchParams([${listPairs(parameters, '[', ']', '    ')}${parameters.length ? '\n  ' : ''}]),
});
if (!response.ok) throw new Error(await response.text());
const bundle = await response.json();
console.log(bundle.entry?.length ?? 0);
`,
  Python: (url, { parameters }) => `import json
import os
from urllib.parse import urlencode
from urllib.request import Request, urlopen

parameters = [${listPairs(parameters, '(', ')', '    ')}${parameters.length ? '\n' : ''}]
request = Request(
    ${quote(url)},
    data=urlencode(parameters).encode(),
    headers={"Authorization": "Bearer " + os.environ["FACET_KEY"]},
)
with urlopen(request) as response:
    bundle = json.load(response)
print(len(bundle.get("entry", [])))
`,
};

const listPairs = (parameters: SearchQuery['parameters'], open: string, close: string, indent: string): string =>
  parameters.map(([name, value]) => `\n${indent}${open}${quote(name)}, ${quote(value)}${close},`).join('');

/** A JSON text is a literal in both languages. */
const quote = (text: string): string => JSON.stringify(text.toWellFormed());

const quoteForShell = (text: string): string => `'${text.toWellFormed().replaceAll("'", "'\\''")}'`;

/** curl encodes what follows the equals sign, and sends what stands before it as it is. */
const encodeName = (name: string): string => encodeURIComponent(name.toWellFormed()).replaceAll('%3A', ':');
