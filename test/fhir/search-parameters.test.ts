// The served search parameters, and the definitions that are refused at start.
import type { SearchParameterResource } from '../../src/fhir/search/definitions.ts';
import { buildRegistry, rejectNumberCollisions } from '../../src/fhir/search/registry.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';
import { REGISTRY } from './search-corpus.ts';

const COMMON = ['_id', '_lastUpdated', '_profile', '_security', '_source', '_tag'];

/** As many as R4 defines. */
test.each([
  ['Patient', 23],
  ['Practitioner', 17],
  ['PractitionerRole', 13],
  ['ServiceRequest', 21],
  ['Organization', 13],
  ['Location', 15],
  ['DiagnosticReport', 16],
  ['Observation', 38],
  ['Task', 19],
  ['Group', 10],
  ['Binary', 0],
])('%s has %i parameters in addition to the common ones', (type, count) => {
  const codes = REGISTRY.list(type).map(({ code }) => code);
  expect(codes.slice(0, 6)).toEqual(COMMON);
  expect(codes).toHaveLength(count + 6);
  expect(new Set(codes).size).toBe(codes.length);
});

test('every parameter has its definition, its value types and, for references, its targets', () => {
  for (const type of SERVED_TYPES) {
    for (const parameter of REGISTRY.list(type)) {
      expect(parameter.url).toMatch(/^http:\/\/hl7.org\/fhir\/SearchParameter\//);
      // the type of the resource in a Bundle is known only when it is read
      if (type === 'Bundle' && parameter.type === 'reference') expect(parameter.types).toBeUndefined();
      else expect(parameter.types?.length).toBeGreaterThan(0);
      expect(parameter.type === 'reference').toBe(parameter.targets !== undefined);
    }
  }
  expect(REGISTRY.lookup('ServiceRequest', 'patient')).toMatchObject({ type: 'reference', targets: ['Patient'], types: ['Reference'] });
  expect(REGISTRY.lookup('Task', 'focus')?.targets).toContain('Medication');
});

test('a parameter or type that does not exist is unknown', () => {
  expect(REGISTRY.lookup('Patient', 'shoe')).toBeUndefined();
  expect(REGISTRY.findUnservedKind('Patient', 'shoe')).toBeUndefined();
  expect(REGISTRY.lookup('Shoe', 'name')).toBeUndefined();
  expect(REGISTRY.list('Shoe')).toEqual([]);
});

test('numbers fit the database and differ', () => {
  const numbers = SERVED_TYPES.flatMap((type) => REGISTRY.list(type).flatMap(({ number, textNumber }) => [number, textNumber]));
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const number of numbers) expect(number | 0).toBe(number);
});

const OWN: SearchParameterResource = {
  url: 'http://example.org/SearchParameter/directory',
  code: 'directory',
  base: ['Practitioner', 'Person'],
  type: 'string',
  expression: 'Practitioner.name.text | Person.name.text',
  modifier: ['contains'],
};

test("a parameter of the project is served with R4's, for its served base types", () => {
  const registry = buildRegistry([OWN]);
  expect(registry.lookup('Practitioner', 'directory')).toMatchObject({ type: 'string', substringIndexed: true, url: OWN.url });
  expect(registry.lookup('Patient', 'directory')).toBeUndefined();
  expect(registry.list('Practitioner')).toHaveLength(REGISTRY.list('Practitioner').length + 1);
});

test.each<[string, Partial<SearchParameterResource>, string]>([
  ['a name that is taken', { code: 'name' }, 'Practitioner has another parameter name'],
  ['a name that holds a separator', { code: 'a.b' }, 'its code may hold'],
  ['a kind that is not served', { type: 'special' }, 'parameters of type special are not served'],
  ['a composite without components', { type: 'composite' }, 'a composite needs two or more components'],
  ['a type that is not served', { base: ['AuditEvent'] }, 'none of its base types is served'],
  ['an element that does not exist', { expression: 'Practitioner.nmae' }, 'Practitioner has no element nmae'],
  [
    'values of the wrong kind',
    { expression: 'Practitioner.birthDate' },
    'its expression finds no element of Practitioner that a string parameter can index',
  ],
  ['no FHIRPath', { expression: 'Practitioner.name.' }, 'directory'],
])('%s is refused, naming the definition', (_case, change, problem) => {
  const build = (): unknown => buildRegistry([{ ...OWN, ...change }]);
  expect(build).toThrow(problem);
  expect(build).toThrow(OWN.url);
});

test('no expression at all is refused', () => {
  const { expression: _expression, ...rest } = OWN;
  expect(() => buildRegistry([rest])).toThrow('it has no expression');
});

test('two parameters with the same number are refused by name', () => {
  const parameter = { name: 'Patient.a', number: 1 };
  expect(() => rejectNumberCollisions([parameter, { name: 'Patient.b', number: 1 }])).toThrow(
    'the search parameters Patient.a and Patient.b have the same number',
  );
  expect(() => rejectNumberCollisions([parameter, { name: 'Patient.b', number: 2 }])).not.toThrow();
});
