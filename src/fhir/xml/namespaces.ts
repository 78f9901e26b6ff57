// Resolves the names of elements and attributes to namespaces. https://www.w3.org/TR/xml-names/
// The parser's own resolution searches all open elements for each name. The number of declarations in force is limited here, so that each name costs the same.
import { invalidStructure } from '../outcome.ts';

/** Prefix → namespace, for the declarations in force. The default namespace has the prefix ''. */
export type Namespaces = ReadonlyMap<string, string>;

const MAX_PREFIXES = 16;

export const NO_NAMESPACES: Namespaces = new Map();

/** The declarations in force inside an element. */
export function declareNamespaces(outer: Namespaces, attributes: Readonly<Record<string, string>>): Namespaces {
  let inner: Map<string, string> | undefined;
  for (const name in attributes) {
    const prefix = readDeclaredPrefix(name);
    if (prefix === undefined) continue;
    inner ??= new Map(outer);
    inner.set(prefix, attributes[name]!);
  }
  if (inner && inner.size > MAX_PREFIXES) throw invalidStructure(`an XML body may declare ${MAX_PREFIXES} namespaces at most`);
  return inner ?? outer;
}

/** The prefix that an attribute declares. Undefined: the attribute is no declaration. */
export const readDeclaredPrefix = (attribute: string): string | undefined =>
  attribute === 'xmlns' ? '' : attribute.startsWith('xmlns:') ? attribute.slice('xmlns:'.length) : undefined;

/** The namespace and the local name of an element, or of an attribute with a prefix. Undefined as namespace: none is declared. */
export function resolveName(name: string, namespaces: Namespaces): { namespace: string | undefined; local: string } {
  const colon = name.indexOf(':');
  return colon < 0
    ? { namespace: namespaces.get(''), local: name }
    : { namespace: namespaces.get(name.slice(0, colon)), local: name.slice(colon + 1) };
}
