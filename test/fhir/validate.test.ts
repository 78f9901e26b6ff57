// Valid resources, and the issues of invalid ones. https://hl7.org/fhir/R4/validation.html
import { listElementNames } from '../../src/fhir/elements.ts';
import { SERVED_TYPES, type ServedType } from '../../src/fhir/types.ts';
import { compileSchemasOf, validateResource } from '../../src/fhir/validation/validate.ts';
import { brief, type Json, patient, request, withElements } from './valid-resources.ts';

test('a rich patient and an order are valid', () => {
  expect(validateResource(patient, 'Patient')).toEqual([]);
  expect(validateResource(request, 'ServiceRequest')).toEqual([]);
});

test('the smallest resource of a type without mandatory elements is valid', () => {
  expect(validateResource({ resourceType: 'Patient' }, 'Patient')).toEqual([]);
  expect(validateResource({ resourceType: 'Binary', contentType: 'application/pdf', data: 'AAAA' }, 'Binary')).toEqual([]);
});

describe('of other types', () => {
  const concept = (system: string, code: string) => ({ coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }] });
  const condition = {
    resourceType: 'Condition',
    subject: { reference: 'Patient/1' },
    clinicalStatus: concept('condition-clinical', 'active'),
  };

  test('a CodeableConcept of a required binding needs a coding of its value set', () => {
    expect(brief(condition)).toEqual([]);
    expect(brief({ ...condition, clinicalStatus: concept('condition-clinical', 'relapse') })).toEqual([]);
    expect(brief({ ...condition, clinicalStatus: concept('condition-clinical', 'well') })).toEqual([
      'code-invalid Condition.clinicalStatus.coding',
    ]);
    expect(brief({ ...condition, clinicalStatus: { text: 'active' } })).toEqual(['code-invalid Condition.clinicalStatus.coding']);
    expect(brief({ ...condition, clinicalStatus: { coding: [{ system: '__proto__', code: 'a' }] } })).toEqual([
      'code-invalid Condition.clinicalStatus.coding',
    ]);
  });

  test('a required choice must be present', () => {
    const characteristic = { code: { text: 'a' }, exclude: false };
    const group = { resourceType: 'Group', type: 'person', actual: true, characteristic: [characteristic] };
    expect(brief(group)).toEqual(['required Group.characteristic[0].value']);
    expect(brief({ ...group, characteristic: [{ ...characteristic, valueBoolean: true }] })).toEqual([]);
  });

  test('a mandatory primitive may be extensions instead of a value', () => {
    expect(
      brief(
        withElements(request, { status: undefined, _status: { extension: [{ url: 'https://example.org/absent', valueCode: 'unknown' }] } }),
      ),
    ).toEqual([]);
  });

  test('a range of an observation has simple quantities', () => {
    const observation = {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'a' },
      referenceRange: [{ low: { value: 1, comparator: '<' } }],
    };
    expect(brief(observation)).toEqual([
      'structure Observation.referenceRange[0].low.comparator',
      'invariant Observation.referenceRange[0].low',
    ]);
  });

  test('an address or telecom of an organization never has the use home (org-2, org-3)', () => {
    const organization = {
      resourceType: 'Organization',
      name: 'A',
      telecom: [{ system: 'phone', value: '1', use: 'home' }],
      address: [{ use: 'home', city: 'B' }],
    };
    expect(brief(organization)).toEqual(['invariant Organization.telecom[0]', 'invariant Organization.address[0]']);
  });

  test('questions nested in answers are checked at any depth', () => {
    const item = (answer: Json) => ({ linkId: '1', answer: [{ valueBoolean: true, item: [{ linkId: '1.1', answer: [answer] }] }] });
    const response = { resourceType: 'QuestionnaireResponse', status: 'completed' };
    expect(brief({ ...response, item: [item({ valueDate: '2026-02-20' })] })).toEqual([]);
    expect(brief({ ...response, item: [item({ valueDate: '2026-02-30' })] })).toEqual([
      'value QuestionnaireResponse.item[0].answer[0].item[0].answer[0].value',
    ]);
  });
});

describe('a contained resource of a type that cannot be written', () => {
  const AUDIT_EVENT = {
    resourceType: 'AuditEvent',
    id: 'm',
    type: { code: 'rest' },
    recorded: '2026-11-20T08:30:00Z',
    agent: [{ requestor: true }],
    source: { observer: { display: 'Facet' } },
  };
  const containing = (inner: Json) => ({
    resourceType: 'DiagnosticReport',
    status: 'final',
    code: { text: 'a' },
    contained: [{ ...AUDIT_EVENT, ...inner }],
    extension: [{ url: 'https://example.org', valueReference: { reference: '#m' } }],
  });

  test('is accepted if it is valid', () => {
    expect(brief(containing({}))).toEqual([]);
    expect(
      brief({ ...containing({}), contained: [{ resourceType: 'Parameters', id: 'm', parameter: [{ name: 'a', valueCode: 'b' }] }] }),
    ).toEqual([]);
  });

  test.each<[string, Json, string]>([
    ['an unknown element', { shoe: 1 }, 'structure DiagnosticReport.contained[0].shoe'],
    ['a missing element', { recorded: undefined }, 'required DiagnosticReport.contained[0].recorded'],
    ['a broken constraint', { entity: [{ name: 'a', query: 'YQ==' }] }, 'invariant DiagnosticReport.contained[0].entity[0]'],
    ['a type that is not of R4', { resourceType: 'Shoe' }, 'code-invalid DiagnosticReport.contained[0].resourceType'],
  ])('is refused for %s', (_what, inner, expected) => {
    expect(brief(containing(inner))).toContain(expected);
  });
});

describe('the issues', () => {
  const texts = (resource: Json) => validateResource(resource, resource.resourceType as ServedType).map(({ text }) => text);

  test('name an unknown element, with a suggestion', () => {
    const unknown = (elements: Json) => texts({ resourceType: 'Patient', ...elements });
    expect(unknown({ birthdate: '2020' })).toEqual(['there is no element birthdate here; did you mean birthDate?']);
    expect(unknown({ addres: [] })).toEqual(['there is no element addres here; did you mean address?']);
    expect(unknown({ deceased: true })).toEqual(['there is no element deceased here; did you mean deceasedBoolean?']);
    expect(unknown({ shoeSize: 42 })).toEqual(['there is no element shoeSize here']);
    expect(unknown({ 'Rosa Example, 1987': 1 })).toEqual(['a property here has a name that cannot be an element name']);
  });

  test('list the allowed codes', () => {
    expect(texts({ resourceType: 'Patient', gender: 'F' })).toEqual(['one of these codes is expected: male, female, other, unknown']);
  });

  test('list the target types of a reference', () => {
    expect(texts({ resourceType: 'Patient', managingOrganization: { reference: 'Patient/1' } })).toEqual([
      'a reference to Organization is expected',
    ]);
  });

  test('name the constraint', () => {
    expect(texts({ resourceType: 'Organization' })).toEqual(['an organization needs a name or an identifier (org-1)']);
  });

  test('list at most twenty faults', () => {
    expect(brief({ resourceType: 'Patient', gender: 'F', birthDate: 'x', active: 1 })).toHaveLength(3);
    expect(brief({ resourceType: 'Patient', name: Array.from({ length: 30 }, () => ({ family: '' })) })).toHaveLength(20);
  });

  test('never contain a value', () => {
    const secret = 'S3cret Value';
    const everywhere = Object.fromEntries(
      listElementNames('Patient').map((name) => [name, name === 'id' ? secret : [{ text: secret, reference: secret, system: secret }]]),
    );
    const issues = validateResource(
      { ...everywhere, resourceType: 'Patient', [secret]: secret, gender: secret, text: { status: secret, div: secret } },
      'Patient',
    );
    expect(issues.length).toBeGreaterThan(10);
    expect(JSON.stringify(issues)).not.toContain('S3cret');
  });
});

test('a value that is not a resource of the type is refused at once', () => {
  for (const body of [null, 5, 'a', [], [patient]])
    expect(validateResource(body, 'Patient')).toEqual([expect.objectContaining({ code: 'structure', expression: ['Patient'] })]);
  for (const body of [{}, { resourceType: 'Practitioner' }, { resourceType: 5 }]) {
    expect(validateResource(body, 'Patient')).toEqual([
      expect.objectContaining({ code: 'invalid', text: 'resourceType Patient is expected' }),
    ]);
  }
});

test('all served types can be compiled ahead', async () => {
  await compileSchemasOf(SERVED_TYPES);
  for (const type of SERVED_TYPES) expect(validateResource({ resourceType: type, shoe: 1 }, type)[0]).toMatchObject({ severity: 'error' });
});
