// Checks that fhir-profiles/ defines every alias of a surface and every extension on a path, and that an extension has an allowed context and value type.

import { findClosestName } from '../../fhir/closest-name.ts';
import type { Profiles } from '../../fhir/profiles.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { StepSyntax } from '../../fhir/writable-path/path-syntax.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { Lens } from '../lens/lens.ts';
import { readStepSyntax } from '../lens/step-syntax.ts';
import type { MappingSpec, SurfaceSpec } from '../spec.ts';
import type { SourceFile } from './yaml-file.ts';

/** Checks the aliases of a surface. */
export function checkAliases(surface: SourceFile<SurfaceSpec>, { definitions }: Profiles): Diagnostic[] {
  const undefinedOnes = Object.entries(surface.content.systems).filter(([, url]) => !definitions.has(url));
  return undefinedOnes.map(([name, url]) => ({ place: surface.locate(['systems', name]), text: describeUndefined(url, definitions) }));
}

/** Checks the extensions of a mapping, and reports URLs that should be aliases. */
export function checkExtensions(
  { lens, mapping }: { lens: Lens; mapping: SourceFile<MappingSpec> },
  { definitions }: Profiles,
): Diagnostic[] {
  const faults: Diagnostic[] = [];
  const scopes = [
    { type: lens.names.scope.type, leaves: lens.leaves },
    ...lens.lists.map(({ list, leaves }) => ({ type: list.paths[0]!.type, leaves })),
  ];
  for (const { type, leaves } of scopes) {
    for (const field of leaves) {
      const problems = [...field.paths, ...field.writtenPaths].flatMap((path) => checkExtensionSteps(path, type, definitions));
      const keys = field.keyPath.flatMap((name) => ['fields', name]);
      for (const problem of new Set(problems)) faults.push({ place: mapping.locate(keys), text: problem });
    }
  }
  for (const part of ['let', 'row', 'fields', 'also'] as const) {
    for (const [key, spec] of Object.entries(mapping.content[part] ?? {})) {
      const [, url] = /'((?:https?|urn):[^']*)'/.exec(JSON.stringify(spec)) ?? [];
      if (url !== undefined) faults.push({ place: mapping.locate([part, key]), text: `write an alias of surface.yaml for ${url}` });
    }
  }
  return faults;
}

/** The error for an undefined URL, with a suggestion. */
function describeUndefined(url: string, definitions: Profiles['definitions']): string {
  const meant = findClosestName(url, [...definitions.keys()]);
  const instead = meant === undefined ? 'define it there, or list it in third-party.yaml if another defines it' : `did you mean ${meant}?`;
  return `nothing in fhir-profiles/ defines ${url}: ${instead}`;
}

/** https://hl7.org/fhir/R4/defining-extensions.html#context */
function checkExtensionSteps({ steps, variable }: WritablePath, resource: string, definitions: Profiles['definitions']): string[] {
  return steps.flatMap((step, at) => {
    const url = step.name === 'extension' ? readUrl(readStepSyntax(step)) : undefined;
    if (url === undefined || !/^\w+:/.test(url)) return [];
    const definition = definitions.get(url);
    if (!definition) return [describeUndefined(url, definitions)];
    if (!/extension|third-party/.test(definition.kind)) return [`${url} is a ${definition.kind}, no extension`];
    const on = steps[at - 1]?.type ?? (variable === undefined ? resource : undefined);
    const value = steps[at + 1]?.name === 'value' || steps[at + 1]?.name.startsWith('value') ? steps[at + 1]!.type : undefined;
    return [
      on !== undefined && definition.contexts && !definition.contexts.includes(on)
        ? `${url} is not defined for ${on}, but for ${definition.contexts.join(', ')}: write another path, or add a context to its definition`
        : '',
      value !== undefined && definition.values && !definition.values.includes(value)
        ? `${url} has values of type ${definition.values.join(', ')}, not ${value}: write value.ofType(${definition.values[0]})`
        : '',
    ].filter(Boolean);
  });
}

const readUrl = ({ where }: StepSyntax): string | undefined => {
  const [condition] = where;
  return condition && 'is' in condition && 'value' in condition.is ? String(condition.is.value) : undefined;
};
