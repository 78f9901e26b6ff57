// R4's own value sets and code systems. The generated file is read at the first lookup. https://hl7.org/fhir/R4/terminologies-valuesets.html
import { readFileSync } from 'node:fs';
import type { CodeSystem, Concept, Inclusion, ValueSet } from './value-set.ts';

/** A code, or a list of a code and its descendants. */
type Code = string | [string, ...Code[]];

interface GeneratedComposition {
  include: (Omit<Inclusion, 'concept'> & { codes?: string[] })[];
  exclude?: GeneratedComposition['include'];
}

interface GeneratedTerminology {
  codeSystems: Record<string, Code[]>;
  valueSets: Record<string, GeneratedComposition>;
}

let read: GeneratedTerminology | undefined;

const readGenerated = (): GeneratedTerminology => {
  const terminology: GeneratedTerminology =
    read ?? JSON.parse(readFileSync(new URL('../generated/value-sets.json', import.meta.url), 'utf8'));
  read = terminology;
  return terminology;
};

/** Caches the definitions by URL. Their number is limited by the generated file. */
function cacheByUrl<T>(find: (url: string) => T | undefined): (url: string) => T | undefined {
  const known = new Map<string, T>();
  return (url) => {
    const definition = known.get(url) ?? find(url);
    if (definition !== undefined) known.set(url, definition);
    return definition;
  };
}

/** The value set of R4 with a URL. */
export const findCoreValueSet = cacheByUrl((url): ValueSet | undefined => {
  const { valueSets } = readGenerated();
  if (!Object.hasOwn(valueSets, url)) return undefined;
  const { include, exclude } = valueSets[url]!;
  return {
    resourceType: 'ValueSet',
    url,
    compose: { include: include.map(toInclusion), ...(exclude && { exclude: exclude.map(toInclusion) }) },
  };
});

/** The code system of R4 with a URL, including all its codes. */
export const findCoreCodeSystem = cacheByUrl((url): CodeSystem | undefined => {
  const { codeSystems } = readGenerated();
  if (!Object.hasOwn(codeSystems, url)) return undefined;
  return { resourceType: 'CodeSystem', url, content: 'complete', concept: codeSystems[url]!.map(toConcept) };
});

const toInclusion = ({ codes, ...rest }: GeneratedComposition['include'][number]): Inclusion => ({
  ...rest,
  ...(codes && { concept: codes.map((code) => ({ code })) }),
});

function toConcept(code: Code): Concept {
  if (typeof code === 'string') return { code };
  const [own, ...below] = code;
  return { code: own, concept: below.map(toConcept) };
}
