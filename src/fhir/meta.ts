// Adds and removes profiles, tags and security labels of a resource's meta, which are sets.
// https://hl7.org/fhir/R4/resource-operation-meta-add.html, https://hl7.org/fhir/R4/resource-operation-meta-delete.html
import { isElement, listObjects, readMember } from './json-values.ts';
import { invalidStructure } from './outcome.ts';
import type { Resource } from './types.ts';

type Meta = Record<string, unknown>;

/** The sets in a meta, and the identity of their members: of a coding its system and code, without version and display; of a profile its URL. */
const SETS: Readonly<Record<string, (member: unknown) => string | undefined>> = {
  profile: (url) => (typeof url === 'string' ? url : undefined),
  tag: identifyCoding,
  security: identifyCoding,
};

function identifyCoding(coding: unknown): string | undefined {
  const { system = '', code } = isElement(coding) ? coding : {};
  return typeof system === 'string' && typeof code === 'string' ? JSON.stringify([system, code]) : undefined;
}

type ChangeSet = (stored: unknown[], given: unknown[], identify: (member: unknown) => string | undefined) => unknown[];

const addMembers: ChangeSet = (stored, given, identify) => {
  const known = new Set(stored.map(identify));
  const added = new Map<string | undefined, unknown>();
  for (const member of given) if (!known.has(identify(member))) added.set(identify(member), member);
  return [...stored, ...added.values()];
};

const removeMembers: ChangeSet = (stored, given, identify) => {
  const removed = new Set(given.map(identify));
  return stored.filter((member) => {
    const identity = identify(member);
    return identity === undefined || !removed.has(identity);
  });
};

/** The changes of the two operations. */
export const META_CHANGES = { add: addMembers, delete: removeMembers } as const;

/** The resource with its sets changed by those of `given`. Other elements of `given` are ignored, because the server sets them. */
export function changeMeta(resource: Resource, given: unknown, change: ChangeSet): Resource {
  const meta: Meta = { ...resource.meta };
  for (const [name, identify] of Object.entries(SETS)) {
    const members = change(listMembers(meta[name]), listMembers(readMember(given, name)), identify);
    if (members.length) meta[name] = members;
    else delete meta[name];
  }
  // the assertion: the result is validated before it is stored
  return { ...resource, meta: meta as NonNullable<Resource['meta']> };
}

const listMembers = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Refuses (400) a meta whose members have no identity: nothing could be added or found by them. */
export function checkMetaInput(given: unknown, where: string): void {
  if (!isElement(given)) throw invalidStructure('a Meta is a JSON object', where);
  const names = Object.keys(SETS).filter((name) => given[name] !== undefined);
  if (!names.length) throw invalidStructure('the meta needs profile, tag or security', where);
  for (const name of names) {
    const members = name === 'profile' ? given[name] : listObjects(given[name]);
    if (!Array.isArray(given[name]) || !Array.isArray(members) || members.length !== (given[name] as unknown[]).length)
      throw invalidStructure(`a list of ${name === 'profile' ? 'URLs' : 'codings'} is expected`, `${where}.${name}`);
    const at = members.findIndex((member) => SETS[name]!(member) === undefined);
    if (at >= 0)
      throw invalidStructure(name === 'profile' ? 'a URL is expected' : 'a coding with a code is expected', `${where}.${name}[${at}]`);
  }
}
