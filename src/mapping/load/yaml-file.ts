// A YAML file with the positions of its keys, so that mistakes are reported by file, line and key.
import { readFileSync } from 'node:fs';
import { type ErrorCode, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLParseError } from 'yaml';

export interface SourceFile<T> {
  file: string;
  content: T;
  /** The text of the file. */
  text: string;
  /** `mappings/loop/patient.yaml:12` for the keys that lead to a part, or the nearest part above it. */
  locateLine(keys: string[]): string;
  /** The file, line and keys: `mappings/loop/patient.yaml:12 fields.gender`. */
  locate(keys: string[]): string;
}

/** A file, or a line of it, below the folder of all vendors (`loop/patient.yaml:12`): its place on this machine is not published. */
export const toPublishedPlace = (place: string): string => place.split(/[\\/]/).slice(-2).join('/');

/** Hints for YAML errors. */
const YAML_HINTS: Partial<Record<ErrorCode, string>> = {
  BAD_SCALAR_START: "write it in quotes: '%alias|code'",
  TAB_AS_INDENT: 'write spaces',
  DUPLICATE_KEY: 'a name may occur only once: remove or rename one of the two',
  MULTILINE_IMPLICIT_KEY: 'write a colon and a space after the name, and then its value',
  MISSING_CHAR: 'write the quote, bracket, comma or colon that is missing here or above',
  BAD_INDENT: 'indent all names of one level equally, and close each { and [',
  BLOCK_IN_FLOW: 'close each { and [ before the next line begins',
  UNEXPECTED_TOKEN: 'close each { and [ once, and write texts with such characters in quotes',
};

/** Reads a YAML file; throws with the position of a syntax error. */
export function readYaml(file: string): SourceFile<unknown> {
  const lines = new LineCounter();
  const text = readFileSync(file, 'utf8');
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const [error] = document.errors;
  if (error) throw new Error(`${file}:${error.linePos?.[0].line ?? 1} ${describeYamlError(error)}`);
  const root: Node | null = document.contents;
  const line = (keys: string[]): string => {
    const at = findOffset(root, keys);
    return `${file}:${at === undefined ? 1 : lines.linePos(at).line}`;
  };
  return { file, text, content: document.toJS(), locateLine: line, locate: (keys) => `${line(keys)} ${keys.join('.')}`.trimEnd() };
}

/** The first line of the parser's message, without the position, and a hint. */
function describeYamlError({ message, code }: YAMLParseError): string {
  const text = message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
  return YAML_HINTS[code] === undefined ? text : `${text}: ${YAML_HINTS[code]}`;
}

/** The offset of the value at these keys, or of the nearest one above; for a map, of the key. */
function findOffset(root: Node | null, keys: string[]): number | undefined {
  let [node, at] = [root, root?.range?.[0]];
  for (const key of keys) {
    const next = findChild(node, key);
    if (!next) break;
    [node, at] = [next.value, next.at ?? at];
  }
  return at;
}

function findChild(node: Node | null, key: string): { value: Node | null; at: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
    if (!pair) return undefined;
    return { value: isNode(pair.value) ? pair.value : null, at: isNode(pair.key) ? pair.key.range?.[0] : undefined };
  }
  const item = isSeq(node) ? node.items[Number(key)] : undefined;
  return isNode(item) ? { value: item, at: item.range?.[0] } : undefined;
}
