// Checks the extensions that R4 itself defines: the element they stand on, and the type of their value. Extensions of other publishers are not checked here.
// https://hl7.org/fhir/R4/extensibility-registry.html, docs/decisions/0008-profiles-and-value-sets.md
import { readFileSync } from 'node:fs';
import { isElement, listObjects } from '../json-values.ts';
import type { Issue } from '../outcome.ts';
import type { Resource } from '../types.ts';
import { toIssues } from '../validation/issues.ts';
import { buildFault, type Fault, formatNames } from '../validation/schema-rule.ts';
import { checkExtensionContext, type FoundExtension, listExtensions } from './extensions.ts';

/** `values`: the members of its JSON value (`valueDateTime`). None: it has only nested extensions. Absent: any type. `nested`: the same by their URL. */
interface ExtensionValues {
  values?: string[];
  nested?: Record<string, ExtensionValues>;
}

/** `on`: the elements and types that may have it. */
interface CoreExtension extends ExtensionValues {
  on: string[];
}

const BASE = 'http://hl7.org/fhir/StructureDefinition/';

/** Loaded when a resource has an extension with such a URL for the first time. */
let definitions: Map<string, CoreExtension> | undefined;

function findDefinition(url: string): CoreExtension | undefined {
  if (!url.startsWith(BASE)) return undefined;
  definitions ??= new Map(
    Object.entries<CoreExtension>(JSON.parse(readFileSync(new URL('../generated/extensions.json', import.meta.url), 'utf8'))),
  );
  return definitions.get(url.slice(BASE.length));
}

/** The errors of the core extensions of a resource, its contained resources included. */
export function checkCoreExtensions(resource: Resource): Issue[] {
  const faults = listExtensions(resource).flatMap(findFaults);
  return faults.length ? toIssues(faults, resource, resource.resourceType) : [];
}

function findFaults(found: FoundExtension): Fault[] {
  const definition = findDefinition(found.url);
  if (!definition) return [];
  const context = definition.on.map((expression) => ({ type: 'element' as const, expression }));
  return [...checkExtensionContext({ context }, found), ...findValueFaults(definition, found.item.value, found.at)];
}

/** An extension without a value is not an error here: R4 requires only a value or nested extensions (ext-1). */
function findValueFaults({ values, nested = {} }: ExtensionValues, extension: unknown, at: FoundExtension['at']): Fault[] {
  if (!isElement(extension)) return [];
  const member = Object.keys(extension).find((name) => /^_?value[A-Z]/.test(name));
  if (member !== undefined && values !== undefined && !values.includes(member.replace(/^_/, ''))) {
    const text = values.length ? `${formatNames(values)} is expected` : 'this extension has nested extensions, and no value';
    return [buildFault('structure', text, ...at, member)];
  }
  return listObjects(extension.extension).flatMap((inner, index) => {
    const definition = typeof inner.url === 'string' && Object.hasOwn(nested, inner.url) ? nested[inner.url] : undefined;
    return definition ? findValueFaults(definition, inner, [...at, 'extension', index]) : [];
  });
}
