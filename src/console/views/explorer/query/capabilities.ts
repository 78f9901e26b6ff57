// What the server can search for, from its CapabilityStatement. https://hl7.org/fhir/R4/capabilitystatement.html

/** The elements of the statement that a search form is made from. */
export interface CapabilityStatement {
  rest?: { resource?: ResourceCapability[]; searchParam?: ParameterCapability[] }[];
}

interface ParameterCapability {
  name: string;
  type: string;
  extension?: { url: string; valueCanonical?: string }[];
}

interface ResourceCapability {
  type: string;
  interaction?: { code: string }[];
  searchInclude?: string[];
  searchRevInclude?: string[];
  searchParam?: ParameterCapability[];
}

export interface SearchableParameter {
  code: string;
  /** token, string, date, reference, uri, number, quantity, composite, special. */
  kind: string;
  /** The canonical URL of the value set that its codes are of. */
  valueSet?: string;
  /** The types that a reference may lead to. */
  targets: string[];
}

interface SearchableType {
  type: string;
  parameters: SearchableParameter[];
  includes: string[];
  revincludes: string[];
}

export interface Capabilities {
  types: ReadonlyMap<string, SearchableType>;
  names: string[];
}

/** The extension that names the value set of a parameter. */
const VALUE_SET_URL = 'urn:facet:value-set';

export function readCapabilities(statement: CapabilityStatement): Capabilities {
  const { resource = [], searchParam: common = [] } = statement.rest?.[0] ?? {};
  const searchable = resource.filter(({ interaction = [] }) => interaction.some(({ code }) => code === 'search-type'));
  const targets = mapTargets(searchable);
  const types = searchable.map(({ searchParam = [], ...rest }): [string, SearchableType] => [
    rest.type,
    readType({ ...rest, searchParam: [...searchParam, ...common] }, targets),
  ]);
  return { types: new Map(types), names: types.map(([name]) => name).sort() };
}

/** `Observation:subject` → the types that it may lead to. These are the types that list it among the references to themselves. */
function mapTargets(resources: ResourceCapability[]): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const { type, searchRevInclude = [] } of resources)
    for (const reference of searchRevInclude) targets.set(reference, [...(targets.get(reference) ?? []), type]);
  return targets;
}

const readType = (
  { type, searchParam = [], searchInclude = [], searchRevInclude = [] }: ResourceCapability,
  targets: ReadonlyMap<string, string[]>,
): SearchableType => ({
  type,
  parameters: searchParam.map(({ name, type: kind, extension = [] }) => {
    const valueSet = extension.find(({ url }) => url === VALUE_SET_URL)?.valueCanonical;
    return { code: name, kind, targets: targets.get(`${type}:${name}`) ?? [], ...(valueSet !== undefined && { valueSet }) };
  }),
  includes: searchInclude,
  revincludes: searchRevInclude,
});

export const findParameter = ({ types }: Capabilities, type: string, code: string): SearchableParameter | undefined =>
  types.get(type)?.parameters.find((parameter) => parameter.code === code);

/** A reference to a type: `Observation.subject` for Patient. */
interface Referrer {
  type: string;
  code: string;
}

/** The references that may lead to a type, for `_has`. */
export function listReferrers({ types }: Capabilities, type: string): Referrer[] {
  const references = (types.get(type)?.revincludes ?? []).map((text) => text.split(':') as [string, string?]);
  return references.flatMap(([from, code = '*']) => (code === '*' || from === '*' ? [] : [{ type: from, code }]));
}

/** The modifiers of each kind of parameter, with what they mean. Not every parameter of a kind takes each: the server says so. */
export const MODIFIERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  string: { '': 'starts with', contains: 'contains', exact: 'is exactly', missing: 'is missing' },
  token: {
    '': 'is',
    not: 'is not',
    text: 'has the text',
    in: 'is in the value set',
    'not-in': 'is not in the value set',
    below: 'is or is below',
    above: 'is or is above',
    'of-type': 'is an identifier of type',
    missing: 'is missing',
  },
  reference: { '': 'is', identifier: 'has the identifier', missing: 'is missing' },
  uri: { '': 'is', below: 'begins with', above: 'is a part of', missing: 'is missing' },
  date: { '': 'has a value', missing: 'is missing' },
  number: { '': 'has a value', missing: 'is missing' },
  quantity: { '': 'has a value', missing: 'is missing' },
};
