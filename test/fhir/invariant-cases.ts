// Elements that meet and elements that violate each error-level constraint, by its name. `type`: the type or backbone element with the constraint. `root`: the containing resource.
type Json = Record<string, unknown>;

export interface InvariantCase {
  type: string;
  keeps: unknown[];
  breaks: unknown[];
  root?: Json;
}

const UCUM = 'http://unitsofmeasure.org';
const quantity = (value: number, code = 'mg') => ({ value, system: UCUM, code });
const clinical = (code: string) => ({ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code }] });
const inError = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'entered-in-error' }] };
const text = { text: 'words' };
const reference = { reference: 'Organization/1' };
const extension = [{ url: 'https://example.org/why', valueCode: 'unknown' }];
const coded = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] });
/** The FHIRPath engine of the test takes objects as equal only when they are the same object. */
const one = coded('1-1');
const contact = { system: 'phone', value: '555-0100' };
const scoped = (code: string): InvariantCase => ({
  type: 'Consent',
  keeps: [
    { scope: { coding: [{ system: 'something', code }] }, patient: reference },
    { scope: { coding: [{ system: 'other', code }] } },
    {},
  ],
  breaks: [{ scope: { coding: [{ system: 'something', code }] } }],
});
const around = (contained: Json, more: Json = {}): Json => ({ resourceType: 'Patient', contained: [contained], ...more });
const inner = { resourceType: 'Organization', id: 'inner', name: 'Inner' };

export const INVARIANT_CASES: Record<string, InvariantCase> = {
  'Age.age-1': {
    type: 'Age',
    keeps: [quantity(4, 'a'), { system: UCUM, code: 'a' }, { code: 'a', value: 4 }],
    breaks: [{ value: 4 }, { value: 4, code: 'a', system: 'https://example.org/units' }, quantity(0, 'a'), quantity(-1, 'a')],
  },
  'Attachment.att-1': {
    type: 'Attachment',
    keeps: [{ data: 'AAAA', contentType: 'image/png' }, { url: 'https://example.org' }],
    breaks: [{ data: 'AAAA' }],
  },
  'Count.cnt-3': {
    type: 'Count',
    keeps: [quantity(3, '1'), { code: '1' }],
    breaks: [{ value: 3 }, quantity(3, 'mg'), quantity(3.5, '1'), { value: 3, code: '1', system: 'https://example.org' }],
  },
  'Condition.con-1': { type: 'Condition.stage', keeps: [{ summary: text }, { assessment: [reference] }], breaks: [{ type: text }] },
  'Condition.con-2': { type: 'Condition.evidence', keeps: [{ code: [text] }, { detail: [reference] }], breaks: [{ id: 'a' }] },
  'Condition.con-4': {
    type: 'Condition',
    keeps: [
      { clinicalStatus: clinical('active') },
      ...['resolved', 'remission', 'inactive'].map((code) => ({ abatementString: 'May', clinicalStatus: clinical(code) })),
    ],
    breaks: [{ abatementString: 'May', clinicalStatus: clinical('active') }, { abatementDateTime: '2020' }],
  },
  'Condition.con-5': {
    type: 'Condition',
    keeps: [{ verificationStatus: inError }, { clinicalStatus: clinical('active') }],
    breaks: [{ verificationStatus: inError, clinicalStatus: clinical('active') }],
  },
  'ContactPoint.cpt-2': { type: 'ContactPoint', keeps: [contact, { use: 'home' }], breaks: [{ value: '555-0100' }] },
  'CareTeam.ctm-1': {
    type: 'CareTeam.participant',
    keeps: [
      { member: { reference: 'Patient/1' } },
      ...[{ reference: 'Practitioner/1' }, { display: 'Lee' }, { reference: 'urn:uuid:1' }].map((member) => ({
        member,
        onBehalfOf: reference,
      })),
      { onBehalfOf: reference },
    ],
    breaks: ['Patient/1', 'PractitionerRole/1', 'CareTeam/1/_history/2'].map((member) => ({
      member: { reference: member },
      onBehalfOf: reference,
    })),
  },
  'Distance.dis-1': {
    type: 'Distance',
    keeps: [quantity(2, 'km'), {}],
    breaks: [{ value: 2 }, { value: 2, code: 'km', system: 'https://example.org' }],
  },
  'DomainResource.dom-2': {
    type: 'Patient',
    keeps: [around(inner), {}],
    breaks: [around({ ...inner, contained: [{ resourceType: 'Organization', id: 'deep' }] })],
  },
  'DomainResource.dom-3': {
    type: 'Patient',
    keeps: [
      around(inner, { managingOrganization: { reference: '#inner' } }),
      around({ resourceType: 'Provenance', id: 'inner', target: [{ reference: '#' }] }),
      around(inner, { implicitRules: '#inner' }),
      {},
    ],
    breaks: [
      around(inner),
      around(inner, { managingOrganization: { reference: '#other' } }),
      around({ resourceType: 'Organization', name: 'No id' }),
    ],
  },
  'DomainResource.dom-4': {
    type: 'Patient',
    keeps: [around({ ...inner, meta: { profile: ['https://example.org/p'] } })],
    breaks: [around({ ...inner, meta: { versionId: '1' } }), around({ ...inner, meta: { lastUpdated: '2020-01-01T00:00:00Z' } })],
  },
  'DomainResource.dom-5': {
    type: 'Patient',
    keeps: [around({ ...inner, meta: { tag: [{ code: 'a' }] } })],
    breaks: [around({ ...inner, meta: { security: [{ code: 'R' }] } })],
  },
  'DataRequirement.drq-1': {
    type: 'DataRequirement.codeFilter',
    keeps: [{ path: 'code' }, { searchParam: 'code' }],
    breaks: [{ path: 'code', searchParam: 'code' }, { id: 'a' }],
  },
  'DataRequirement.drq-2': {
    type: 'DataRequirement.dateFilter',
    keeps: [{ path: 'date' }, { searchParam: 'date' }],
    breaks: [{ path: 'date', searchParam: 'date' }, { id: 'a' }],
  },
  'Duration.drt-1': {
    type: 'Duration',
    keeps: [quantity(3, 'h'), { value: 3, unit: 'hours' }],
    breaks: [
      { code: 'h', system: UCUM },
      { value: 3, code: 'h', system: 'https://example.org' },
    ],
  },
  'Element.ele-1': { type: 'HumanName', keeps: [{ text: 'A' }, { extension }, { id: 'a', text: 'A' }], breaks: [{}, { id: 'a' }] },
  'Expression.exp-1': {
    type: 'Expression',
    keeps: [{ expression: 'true' }, { reference: 'https://example.org' }],
    breaks: [{ language: 'text/fhirpath' }],
  },
  'Extension.ext-1': {
    type: 'Extension',
    keeps: [
      { url: 'https://example.org', valueString: 'a' },
      { url: 'https://example.org', extension },
      { url: 'https://example.org', _valueString: { extension } },
    ],
    breaks: [{ url: 'https://example.org', valueString: 'a', extension }, { url: 'https://example.org' }],
  },
  'Group.grp-1': {
    type: 'Group',
    keeps: [{ actual: true, member: [{ entity: reference }] }, { actual: false }],
    breaks: [{ actual: false, member: [{ entity: reference }] }],
  },
  'Task.inv-1': {
    type: 'Task',
    keeps: [{ authoredOn: '2020-01-01', lastModified: '2020-01-02' }, { authoredOn: '2020-01-01' }, { lastModified: '2020-01-01' }],
    breaks: [
      { authoredOn: '2020-01-02', lastModified: '2020-01-01' },
      { authoredOn: '2020-01-01T10:00:00Z', lastModified: '2020-01-01T09:59:59Z' },
    ],
  },
  'List.lst-1': {
    type: 'List',
    keeps: [{ emptyReason: text }, { entry: [{ item: reference }] }],
    breaks: [{ emptyReason: text, entry: [{ item: reference }] }],
  },
  'List.lst-2': {
    type: 'List',
    keeps: [
      { mode: 'changes', entry: [{ deleted: true }] },
      { mode: 'working', entry: [{ item: reference }] },
    ],
    breaks: [{ mode: 'working', entry: [{ item: reference }, { deleted: true }] }],
  },
  'List.lst-3': {
    type: 'List',
    keeps: [
      { mode: 'working', entry: [{ date: '2020' }] },
      { mode: 'snapshot', entry: [{ item: reference }] },
    ],
    breaks: [{ mode: 'snapshot', entry: [{ date: '2020' }] }],
  },
  'Observation.obs-3': {
    type: 'Observation.referenceRange',
    keeps: [{ low: quantity(1) }, { high: quantity(2) }, { text: 'normal' }],
    breaks: [{ type: text }],
  },
  'Observation.obs-6': {
    type: 'Observation',
    keeps: [{ dataAbsentReason: text }, { valueString: 'a' }],
    breaks: [{ dataAbsentReason: text, valueString: 'a' }],
  },
  'Observation.obs-7': {
    type: 'Observation',
    keeps: [
      { code: coded('1-1'), valueString: 'a', component: [{ code: coded('2-2') }] },
      { code: coded('1-1'), component: [{ code: coded('1-1') }] },
      { code: text, valueString: 'a', component: [{ code: text }] },
    ],
    breaks: [{ code: one, valueString: 'a', component: [{ code: coded('2-2') }, { code: one }] }],
  },
  'Organization.org-1': { type: 'Organization', keeps: [{ name: 'A' }, { identifier: [{ value: '1' }] }], breaks: [{ alias: ['A'] }] },
  'Organization.org-2': { type: 'Address', keeps: [{ use: 'work', city: 'A' }, { city: 'A' }], breaks: [{ use: 'home', city: 'A' }] },
  'Organization.org-3': { type: 'ContactPoint', keeps: [{ ...contact, use: 'work' }, contact], breaks: [{ ...contact, use: 'home' }] },
  'Patient.pat-1': {
    type: 'Patient.contact',
    keeps: [{ name: text }, { telecom: [contact] }, { address: { city: 'A' } }, { organization: reference }],
    breaks: [{ gender: 'male' }],
  },
  'Period.per-1': {
    type: 'Period',
    keeps: [
      { start: '2020', end: '2020' },
      { start: '2020-01-01', end: '2020-01-02' },
      { start: '2021' },
      { end: '2019' },
      { start: '2021', _end: { extension } },
    ],
    breaks: [
      { start: '2021', end: '2020' },
      { start: '2020-02', end: '2020-01' },
      { start: '2020-01-02', end: '2020-01-01' },
    ],
  },
  'Consent.ppc-1': { type: 'Consent', keeps: [{ policy: [{ uri: 'https://example.org' }] }, { policyRule: text }], breaks: [{}] },
  'Consent.ppc-2': scoped('patient-privacy'),
  'Consent.ppc-3': scoped('research'),
  'Consent.ppc-4': scoped('adr'),
  'Consent.ppc-5': scoped('treatment'),
  'ServiceRequest.prr-1': { type: 'ServiceRequest', keeps: [{ code: text, orderDetail: [text] }, {}], breaks: [{ orderDetail: [text] }] },
  'QuestionnaireResponse.qrs-1': {
    type: 'QuestionnaireResponse.item',
    keeps: [{ answer: [{ valueBoolean: true }] }, { item: [{ linkId: '1' }] }],
    breaks: [{ answer: [{ valueBoolean: true }], item: [{ linkId: '1' }] }],
  },
  'Quantity.qty-3': { type: 'Quantity', keeps: [quantity(1), { value: 1, unit: 'mg' }], breaks: [{ value: 1, code: 'mg' }] },
  'Ratio.rat-1': {
    type: 'Ratio',
    keeps: [{ numerator: quantity(1), denominator: quantity(2) }, { extension }],
    breaks: [{ numerator: quantity(1) }, { denominator: quantity(1) }, { id: 'a' }],
  },
  'Reference.ref-1': {
    type: 'Reference',
    root: around(inner),
    keeps: [{ reference: '#inner' }, { reference: 'Organization/1' }, { display: 'A' }],
    breaks: [{ reference: '#other' }],
  },
  'Range.rng-2': {
    type: 'Range',
    keeps: [{ low: quantity(1), high: quantity(1) }, { low: quantity(1) }, {}],
    breaks: [{ low: quantity(2), high: quantity(1) }],
  },
  'SimpleQuantity.sqty-1': { type: 'SimpleQuantity', keeps: [quantity(1)], breaks: [{ ...quantity(1), comparator: '<' }] },
  'Timing.tim-1': { type: 'Timing.repeat', keeps: [{ duration: 1, durationUnit: 'h' }, { count: 1 }], breaks: [{ duration: 1 }] },
  'Timing.tim-2': { type: 'Timing.repeat', keeps: [{ period: 1, periodUnit: 'h' }, { count: 1 }], breaks: [{ period: 1 }] },
  'Timing.tim-4': { type: 'Timing.repeat', keeps: [{ duration: 0 }, {}], breaks: [{ duration: -1 }] },
  'Timing.tim-5': { type: 'Timing.repeat', keeps: [{ period: 0 }, {}], breaks: [{ period: -0.5 }] },
  'Timing.tim-6': { type: 'Timing.repeat', keeps: [{ periodMax: 2, period: 1 }, {}], breaks: [{ periodMax: 2 }] },
  'Timing.tim-7': { type: 'Timing.repeat', keeps: [{ durationMax: 2, duration: 1 }, {}], breaks: [{ durationMax: 2 }] },
  'Timing.tim-8': { type: 'Timing.repeat', keeps: [{ countMax: 2, count: 1 }, {}], breaks: [{ countMax: 2 }] },
  'Timing.tim-9': {
    type: 'Timing.repeat',
    keeps: [{ offset: 30, when: ['ACM'] }, { when: ['C'] }, {}],
    breaks: [{ offset: 30 }, { offset: 30, when: ['CM'] }],
  },
  'Timing.tim-10': {
    type: 'Timing.repeat',
    keeps: [{ timeOfDay: ['10:00:00'] }, { when: ['C'] }],
    breaks: [{ timeOfDay: ['10:00:00'], when: ['C'] }],
  },
  'TriggerDefinition.trd-1': {
    type: 'TriggerDefinition',
    keeps: [{ data: [{ type: 'Patient' }] }, { timingDate: '2020' }],
    breaks: [{ data: [{ type: 'Patient' }], timingDate: '2020' }],
  },
  'TriggerDefinition.trd-2': {
    type: 'TriggerDefinition',
    keeps: [{ condition: { language: 'text/fhirpath', expression: 'true' }, data: [{ type: 'Patient' }] }, {}],
    breaks: [{ condition: { language: 'text/fhirpath', expression: 'true' } }],
  },
  'TriggerDefinition.trd-3': {
    type: 'TriggerDefinition',
    keeps: [
      { type: 'named-event', name: 'a' },
      { type: 'periodic', timingDate: '2020' },
      { type: 'data-added', data: [{ type: 'Patient' }] },
    ],
    breaks: [{ type: 'named-event' }, { type: 'periodic' }, { type: 'data-added' }, { type: 'data-changed', name: 'a' }],
  },
  'Narrative.txt-1': {
    type: 'xhtml',
    keeps: ['<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>'],
    breaks: ['<div><script>a</script></div>', '<div><p>a</div>', 'a'],
  },
  'Narrative.txt-2': {
    type: 'xhtml',
    keeps: ['<div>a</div>', '<div><img src="a.png"/></div>'],
    breaks: ['<div> \n </div>', '<div><img alt="a"/></div>'],
  },
};
