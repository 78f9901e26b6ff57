// A request as code: curl, JavaScript and Python. `shown`: the key to show; without it, the samples read a variable of the environment.
const VARIABLE = 'FACET_KEY';
/** Stands for the key in headers until a language replaces it. */
export const KEY_MARK = '\u0000key\u0000';

/** The languages in the order of their tabs. */
export const LANGUAGES = [
  { name: 'curl', write: curl },
  { name: 'JavaScript', write: javascript },
  { name: 'Python', write: python },
];

const hasKey = ({ headers }) => Object.values(headers).some((value) => value.includes(KEY_MARK));

function curl({ method, url, headers, body }, shown) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const header = (name, value) =>
    value.includes(KEY_MARK) && shown === undefined
      ? `"${name}: ${value.replace(KEY_MARK, `$${VARIABLE}`)}"`
      : quoted(`${name}: ${value.replace(KEY_MARK, shown)}`);
  const verb = (method === 'GET' && body === undefined) || (method === 'POST' && body !== undefined) ? '' : `-X ${method} `;
  return [
    `curl -sS ${verb}${quoted(url)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${header(name, value)}`),
    ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
  ].join(' \\\n  ');
}

function javascript({ method, url, headers, body }, shown) {
  const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
  const value = (text) => {
    if (!text.includes(KEY_MARK)) return quoted(text);
    if (shown !== undefined) return quoted(text.replace(KEY_MARK, shown));
    return text === KEY_MARK ? `process.env.${VARIABLE}` : `\`${text.replace(KEY_MARK, `\${process.env.${VARIABLE}}`)}\``;
  };
  const json = parsed(body);
  const lines = [
    `method: '${method}',`,
    'headers: {',
    ...Object.entries(headers).map(([name, text]) => `  ${quoted(name)}: ${value(text)},`),
    '},',
    ...(body === undefined ? [] : [json ? `body: JSON.stringify(${indented(body.trim())}),` : `body: ${quoted(body)},`]),
  ];
  return `const response = await fetch(${quoted(url)}, {\n${lines.map((line) => `  ${line}`).join('\n')}\n});\nconsole.log(response.status, await response.text());`;
}

function python({ method, url, headers, body }, shown) {
  const quoted = (text) => JSON.stringify(text);
  const needsVariable = hasKey({ headers }) && shown === undefined;
  const value = (text) => {
    if (!text.includes(KEY_MARK)) return quoted(text);
    if (shown !== undefined) return quoted(text.replace(KEY_MARK, shown));
    return text === KEY_MARK ? `os.environ["${VARIABLE}"]` : `f"${text.replace(KEY_MARK, `{os.environ['${VARIABLE}']}`)}"`;
  };
  const written =
    body === undefined
      ? []
      : [
          `    data=${parsed(body) ? `"""${body.trim().replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"')}""".encode()` : `${quoted(body)}.encode()`},`,
        ];
  return [
    ...(needsVariable ? ['import os'] : []),
    'import urllib.request',
    '',
    'request = urllib.request.Request(',
    `    ${quoted(url)},`,
    `    method=${quoted(method)},`,
    '    headers={',
    ...Object.entries(headers).map(([name, text]) => `        ${quoted(name)}: ${value(text)},`),
    '    },',
    ...written,
    ')',
    'with urllib.request.urlopen(request) as response:',
    '    print(response.status, response.read().decode())',
  ].join('\n');
}

const parsed = (body) => {
  try {
    return typeof JSON.parse(body) === 'object';
  } catch {
    return false;
  }
};

const indented = (text) => text.replaceAll('\n', '\n  ');
