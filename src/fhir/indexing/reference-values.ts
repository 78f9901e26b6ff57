// The targets of an element, by its type, for reference parameters. https://hl7.org/fhir/R4/search.html#reference
import type { Reference } from '@medplum/fhirtypes';
import { normalizeReference } from '../reference.ts';
import type { Resource } from '../types.ts';
import type { Token } from './token.ts';

/** `targets`: the texts to hash. `identifier`: for `:identifier`. */
interface ReferenceTargets {
  targets: string[];
  identifier?: Token;
}

function toReferenceTargets({ reference: text, identifier }: Reference, baseUrl: string): ReferenceTargets {
  const target = text === undefined ? undefined : normalizeReference(text, baseUrl);
  const { system = null, value } = identifier ?? {};
  return {
    targets: target === undefined ? [] : [target],
    ...(identifier && { identifier: { system, code: value } }),
  };
}

/** A canonical with and without its version: `url|1.0` and `url`. https://hl7.org/fhir/R4/references.html#canonical */
export function listCanonicalForms(text: string): string[] {
  const bar = text.lastIndexOf('|');
  return bar > 0 ? [text, text.slice(0, bar)] : [text];
}

/** The target for all versions below a canonical: `url|1` includes 1, 1.0 and 1.1. https://hl7.org/fhir/R4/search.html#versions */
export const toVersionsBelow = (text: string): string => (text.lastIndexOf('|') > 0 ? `${BELOW_PREFIX}${text}` : text);

/** No URI begins with this text. */
const BELOW_PREFIX = 'below ';

/** Whether a target is that of all versions below a canonical. */
export const isVersionsBelow = (target: string): boolean => target.startsWith(BELOW_PREFIX);

/** A canonical, and the targets of all versions that it is below: `url|1.0` is below `url|1` and `url|1.0`. */
function listCanonicalTargets(text: string): string[] {
  const [, url, version] = /^(.+)\|([^|]*)$/s.exec(text) ?? [];
  if (url === undefined || version === undefined) return [text];
  const parts = version.split('.');
  return [...listCanonicalForms(text), ...parts.map((_part, at) => toVersionsBelow(`${url}|${parts.slice(0, at + 1).join('.')}`))];
}

const toUriTargets = (text: string, baseUrl: string): ReferenceTargets => ({ targets: [normalizeReference(text, baseUrl) ?? text] });

/** Element type → the targets of a value. */
export const REFERENCE_TARGETS: Record<string, (value: never, baseUrl: string) => ReferenceTargets> = {
  Reference: toReferenceTargets,
  canonical: (text: string) => ({ targets: listCanonicalTargets(text) }),
  uri: toUriTargets,
  url: toUriTargets,
  oid: toUriTargets,
  uuid: toUriTargets,
  // The resource itself in place of a reference (Bundle?composition): inferred from https://hl7.org/fhir/R4/bundle.html#search
  Resource: ({ resourceType, id }: Resource) => ({ targets: id === undefined ? [] : [`${resourceType}/${id}`] }),
};
