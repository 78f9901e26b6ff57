// R4's own value sets and code systems, which no package brings: read when the first of them is asked for. https://hl7.org/fhir/R4/terminologies-valuesets.html
import { readFileSync } from 'node:fs';
import type { CodeSystem, Concept, Inclusion, ValueSet } from './value-set.ts';

/** A code, or a list of it and what is below it. */
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

/** What was made of a URL once, for there are only so many of them. */
function cacheByUrl<T>(find: (url: string) => T | undefined): (url: string) => T | undefined {
  const known = new Map<string, T>();
  return (url) => {
    const definition = known.get(url) ?? find(url);
    if (definition !== undefined) known.set(url, definition);
    return definition;
  };
}

/** A value set of R4 by its URL. */
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

/** A code system of R4 by its URL, with all its codes. */
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
