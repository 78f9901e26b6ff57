// Nothing points nowhere: every alias of a surface and every extension on a path is defined in fhir-profiles/, and an extension stands where its
// definition lets it stand, with a value of the type it defines.
import type { Path } from '../fhir/path.ts';
import type { StepSyntax } from '../fhir/path-syntax.ts';
import type { Profiles } from '../fhir/profiles.ts';
import type { Lens } from './lens.ts';
import type { Source } from './source.ts';
import type { MappingSpec, SurfaceSpec } from './spec.ts';

/** The aliases of a surface. */
export function checkAliases(surface: Source<SurfaceSpec>, { definitions }: Profiles): string[] {
  const undefinedOnes = Object.entries(surface.content.systems).filter(([, url]) => !definitions.has(url));
  return undefinedOnes.map(([name, url]) => `${surface.place(['systems', name])}: nothing in fhir-profiles/ defines ${url}`);
}

/** The extensions of a mapping, and URLs that should be aliases. */
export function checkExtensions({ lens, mapping }: { lens: Lens; mapping: Source<MappingSpec> }, { definitions }: Profiles): string[] {
  const faults: string[] = [];
  for (const field of lens.leaves) {
    const problems = [...field.paths, ...field.written].flatMap((path) => extensionProblems(path, lens.names.scope.type, definitions));
    const keys = field.at.flatMap((name) => ['fields', name]);
    for (const problem of new Set(problems)) faults.push(`${mapping.place(keys)}: ${problem}`);
  }
  for (const part of ['let', 'row', 'fields', 'also'] as const) {
    for (const [key, spec] of Object.entries(mapping.content[part] ?? {})) {
      const [, url] = /'((?:https?|urn):[^']*)'/.exec(JSON.stringify(spec)) ?? [];
      if (url !== undefined) faults.push(`${mapping.place([part, key])}: write an alias of surface.yaml for ${url}`);
    }
  }
  return faults;
}

/** https://hl7.org/fhir/R4/defining-extensions.html#context */
function extensionProblems({ steps, variable }: Path, resource: string, definitions: Profiles['definitions']): string[] {
  return steps.flatMap((step, at) => {
    const url = step.name === 'extension' ? urlOf(JSON.parse(step.key) as StepSyntax) : undefined;
    if (url === undefined || !/^\w+:/.test(url)) return [];
    const definition = definitions.get(url);
    if (!definition) return [`nothing in fhir-profiles/ defines ${url}`];
    if (!/extension|third-party/.test(definition.kind)) return [`${url} is a ${definition.kind}, no extension`];
    const on = steps[at - 1]?.type ?? (variable === undefined ? resource : undefined);
    const value = steps[at + 1]?.name === 'value' || steps[at + 1]?.name.startsWith('value') ? steps[at + 1]!.type : undefined;
    return [
      on !== undefined && definition.contexts && !definition.contexts.includes(on) ? `${url} is not defined for ${on}` : '',
      value !== undefined && definition.values && !definition.values.includes(value)
        ? `${url} has values of type ${definition.values.join(', ')}, not ${value}`
        : '',
    ].filter(Boolean);
  });
}

const urlOf = ({ where }: StepSyntax): string | undefined => {
  const [condition] = where;
  return condition && 'is' in condition && 'value' in condition.is ? String(condition.is.value) : undefined;
};
