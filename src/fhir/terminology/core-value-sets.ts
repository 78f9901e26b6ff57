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
  /** Code system → codes, each with its children that are not nested below it. */
  children: Record<string, [code: string, ...children: string[]][]>;
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
export function cacheByUrl<T>(find: (url: string) => T | undefined): (url: string) => T | undefined {
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
  const { codeSystems, children } = readGenerated();
  if (!Object.hasOwn(codeSystems, url)) return undefined;
  const further = new Map((Object.hasOwn(children, url) ? children[url]! : []).map(([code, ...list]) => [code, list]));
  return { resourceType: 'CodeSystem', url, content: 'complete', concept: codeSystems[url]!.map((code) => toConcept(code, further)) };
});

/** The URLs of R4's own code systems. */
export const listCoreCodeSystems = (): string[] => Object.keys(readGenerated().codeSystems);

const toInclusion = ({ codes, ...rest }: GeneratedComposition['include'][number]): Inclusion => ({
  ...rest,
  ...(codes && { concept: codes.map((code) => ({ code })) }),
});

function toConcept(code: Code, children: ReadonlyMap<string, string[]>): Concept {
  const [own, ...below] = typeof code === 'string' ? [code] : code;
  const property = children.get(own)?.map((child) => ({ code: 'child', valueCode: child }));
  return { code: own, ...(property && { property }), ...(below.length && { concept: below.map((one) => toConcept(one, children)) }) };
}
