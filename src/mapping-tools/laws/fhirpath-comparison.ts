// Reads every path with a second FHIRPath engine (@medplum/core) and compares the values. https://hl7.org/fhirpath/
// A production install does not contain the engine: only authors of mappings need it. docs/decisions/0009-fhirpath-evaluator.md

import type { TypedValue } from '@medplum/core';
import { buildPreferenceComparator, hasValidityPeriod, isInPeriod, isOld } from '../../fhir/current-elements.ts';
import { findElement } from '../../fhir/elements.ts';
import { toRecord, toRecords } from '../../fhir/json-values.ts';
import { addNameParts } from '../../fhir/person-name.ts';
import type { Resource } from '../../fhir/types.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Field } from '../../mapping/lens/field.ts';
import type { Lens } from '../../mapping/lens/lens.ts';
import { readStepSyntax } from '../../mapping/lens/step-syntax.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { Env } from '../../mapping/shape.ts';
import { findDifferences } from './differences.ts';

/** Undefined: the engine is not installed. Any other failure to load it is an error. */
const engine = await import('@medplum/core').catch((error: NodeJS.ErrnoException) => {
  if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
  throw error;
});

/** What to tell an author whose mappings cannot be compared; undefined: the engine is installed. */
export const MISSING_ENGINE_NOTE =
  engine === undefined
    ? 'The paths were not compared with a second FHIRPath engine. To compare them: npm install --no-save @medplum/core@5.2.13'
    : undefined;

/** The differences between both engines on all paths of a mapping; none if the second engine is not installed. */
export function compareWithFhirPath({ lens, mapping }: LoadedShape, resource: Resource, env: Env): string[] {
  if (!engine) return [];
  const bound: Env = { ...env };
  const row = mapping.content.row?.key;
  if (row !== undefined && bound[row] === undefined) bound[row] = lens.rows!.readKeys(resource)[0];
  for (const { name, first } of lens.names.boundElements) bound[name] = first(resource, bound);
  const paths = [...lens.leaves.flatMap(({ paths, writtenPaths }) => [...paths, ...writtenPaths]), ...lens.also.map(({ path }) => path)];
  const reading = { env: bound, aliases: lens.names.scope.aliases };
  return [
    ...paths.flatMap((path) => comparePath(path, { ...reading, resource })),
    ...lens.lists.flatMap((list) => compareMembers(list, lens.leaves, { ...reading, resource })),
  ];
}

/** The paths of a list's members, in each of its elements. */
function compareMembers({ list, leaves }: Lens['lists'][number], top: Field[], reading: ReadContext): string[] {
  if (!top.includes(list)) return [];
  const elements = toRecords(list.paths[0]!.get(reading.resource, reading.env));
  const paths = leaves.flatMap(({ paths, writtenPaths }) => [...paths, ...writtenPaths]);
  return elements.flatMap((element) => paths.flatMap((path) => comparePath(path, { ...reading, resource: element })));
}

interface ReadContext {
  /** A resource, or an element of one. */
  resource: Record<string, unknown>;
  env: Env;
  aliases: Readonly<Record<string, string>>;
}

function comparePath(path: WritablePath, { resource, env, aliases }: ReadContext): string[] {
  const names = [...path.text.matchAll(/%(\w+)/g)].map(([, name]) => name!);
  if (names.some((name) => !(name in aliases) && env[name] === undefined)) return [];
  const variables = toEngineVariables(aliases, omitInactiveResources(path, env));
  // compareWithFhirPath returns before, if the engine is not installed
  const referenceResult = engine!
    .evalFhirPathTyped(
      toEngineText(path.text, env),
      [engine!.toTypedValue(pickCurrent(omitAmbiguousElements(resource, path), path, env))],
      variables,
    )
    .map(({ value }) => value);
  return findDifferences(path.get(resource, env), referenceResult, `read differently by a FHIRPath engine: ${path.text}`);
}

/** Removes joined resources outside their period from the variable that a path filters (`%roles.where(…)`): the lens skips them, the engine would not. */
function omitInactiveResources({ variable, text }: WritablePath, env: Env): Env {
  const all = variable === undefined ? undefined : env[variable];
  if (!Array.isArray(all) || !new RegExp(`^%${variable}\\.(where|first|skip)\\(`).test(text)) return env;
  const current = all.filter(
    (resource: Resource) => !hasValidityPeriod(resource.resourceType) || !env.now || isInPeriod(resource, env.now),
  );
  return { ...env, [variable!]: current };
}

/** The values of %names in the form that the engine accepts. The engine must be installed. */
export const toEngineVariables = (aliases: Readonly<Record<string, string>>, env: Env): Record<string, TypedValue> =>
  Object.fromEntries(
    Object.entries({ ...aliases, ...env })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [`%${name}`, engine!.toTypedValue(asBundle(value))]),
  );

/** Removes elements whose name begins with the name of the step (`conclusionCode` for `conclusion`): the engine would read them as choices of a missing element. */
function omitAmbiguousElements(resource: Record<string, unknown>, { steps: [step] }: WritablePath): Record<string, unknown> {
  const own = step && findElement(String(resource.resourceType), step.name);
  if (!own || own.choice !== undefined) return resource;
  const isOther = (name: string): boolean => name.startsWith(step.name) && /^[A-Z]/.test(name.slice(step.name.length));
  return Object.fromEntries(Object.entries(resource).filter(([name]) => !isOther(name)));
}

/** Keeps only the current elements, in order of preference, and adds parts to names. The lens does this implicitly; the engine only evaluates the text of the path. */
function pickCurrent(resource: Record<string, unknown>, { steps }: WritablePath, { now }: Env): Record<string, unknown> {
  const rules = new Map(
    steps.flatMap((step) => {
      const { current } = readStepSyntax(step);
      const order = current?.inStoredOrder ? undefined : buildPreferenceComparator(step.type, { [step.type]: current?.uses ?? [] });
      return current ? [[step.name, { ...current, order }] as const] : [];
    }),
  );
  const named = steps.flatMap(({ type, name }) => (type === 'HumanName' ? [name] : []));
  const taken = (name: string, value: unknown): unknown => {
    const complete = named.includes(name) ? addNameParts : (value: unknown) => value;
    if (!Array.isArray(value)) return typeof value === 'object' && value ? complete(value) : value;
    const rule = rules.get(name);
    if (!rule) return value;
    const current = value.filter(
      (element) => (rule.allowsOld || !isOld(element)) && (rule.allowsEnded || !now || isInPeriod(element, now)),
    );
    return rule.order ? current.toSorted(rule.order).map(complete) : current;
  };
  return rules.size || named.length ? toRecord(JSON.parse(JSON.stringify(resource, taken))) : resource;
}

/** Adapts a path to two limits of the engine. A variable has one value there, so several resources are put into a Bundle. `extension()` returns only the first extension there, so `where(url=…)` replaces it. */
export function toEngineText(text: string, env: Env): string {
  return text
    .replace(/%(\w+)/g, (found, name: string) => (Array.isArray(env[name]) ? `${found}.entry.resource` : found))
    .replace(/extension\(([^()]*)\)/g, 'extension.where(url=$1)');
}

const asBundle = (value: unknown): unknown =>
  Array.isArray(value) ? { resourceType: 'Bundle', type: 'collection', entry: value.map((resource) => ({ resource })) } : value;
