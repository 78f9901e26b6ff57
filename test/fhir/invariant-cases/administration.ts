// Cases of the constraints of administrative resources, documents and measures. https://hl7.org/fhir/R4/resourcelist.html
import { contact, type InvariantCase, type InvariantCases, type Json, reference, text } from './values.ts';

const times = { start: '2020-01-01T10:00:00Z', end: '2020-01-01T10:30:00Z' };
const criteria = { language: 'text/cql', expression: 'Sex' };
const stratified = (stratifier: Json): Json => ({ group: [{ stratifier: [{ code: text }, stratifier] }] });
const stratum = (own: Json): Json => ({ group: [{ stratifier: [{ stratum: [{ value: text }, own] }] }] });
const scoped = (code: string): InvariantCase => ({
  type: 'Consent',
  keeps: [
    { scope: { coding: [{ system: CONSENT_SCOPE, code }] }, patient: reference },
    { scope: { coding: [{ system: 'https://example.org', code }] } },
    { scope: { coding: [{ system: CONSENT_SCOPE, code: 'other' }] } },
    {},
  ],
  breaks: [{ scope: { coding: [{ system: CONSENT_SCOPE, code }] } }],
});
const CONSENT_SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope';

export const ADMINISTRATION_CASES: InvariantCases = {
  'Appointment.app-1': {
    type: 'Appointment.participant',
    keeps: [{ type: [text] }, { actor: reference }],
    breaks: [{ status: 'accepted' }],
  },
  'Appointment.app-2': {
    type: 'Appointment',
    keeps: [{ ...times }, {}],
    breaks: [{ start: times.start }, { end: times.end }],
  },
  'Appointment.app-3': {
    type: 'Appointment',
    keeps: [{ status: 'booked', ...times }, { status: 'proposed' }, { status: 'cancelled' }, { status: 'waitlist' }],
    breaks: [{ status: 'booked' }, { status: 'noshow', start: times.start }, { status: 'pending', end: times.end }],
  },
  // its expression begins with the name of the resource type
  'Appointment.app-4': {
    type: 'Appointment',
    keeps: [
      { resourceType: 'Appointment', status: 'noshow', cancelationReason: text },
      { resourceType: 'Appointment', status: 'cancelled', cancelationReason: text },
      { resourceType: 'Appointment', status: 'booked' },
    ],
    breaks: [{ resourceType: 'Appointment', status: 'booked', cancelationReason: text }],
  },
  'AppointmentResponse.apr-1': {
    type: 'AppointmentResponse',
    keeps: [{ participantType: [text] }, { actor: reference }],
    breaks: [{ participantStatus: 'accepted' }],
  },
  'Composition.cmp-1': {
    type: 'Composition.section',
    keeps: [{ text: { status: 'generated', div: '<div>a</div>' } }, { entry: [reference] }, { section: [{ entry: [reference] }] }],
    breaks: [{ title: 'Empty' }],
  },
  'Composition.cmp-2': {
    type: 'Composition.section',
    keeps: [{ emptyReason: text }, { entry: [reference] }],
    breaks: [{ emptyReason: text, entry: [reference] }],
  },
  'Consent.ppc-1': { type: 'Consent', keeps: [{ policy: [{ uri: 'https://example.org' }] }, { policyRule: text }], breaks: [{}] },
  'Consent.ppc-2': scoped('patient-privacy'),
  'Consent.ppc-3': scoped('research'),
  'Consent.ppc-4': scoped('adr'),
  'Consent.ppc-5': scoped('treatment'),
  'CoverageEligibilityResponse.ces-1': {
    type: 'CoverageEligibilityResponse.insurance.item',
    keeps: [{ category: text }, { productOrService: text }],
    breaks: [{ category: text, productOrService: text }, { name: 'Plan' }],
  },
  'Group.grp-1': {
    type: 'Group',
    keeps: [{ actual: true, member: [{ entity: reference }] }, { actual: false }],
    breaks: [{ actual: false, member: [{ entity: reference }] }],
  },
  'InsurancePlan.ipn-1': {
    type: 'InsurancePlan',
    keeps: [{ name: 'Plan' }, { identifier: [{ value: '1' }] }, { name: 'Plan', identifier: [{ value: '1' }, { value: '2' }] }],
    breaks: [{ alias: ['Plan'] }],
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
  'Measure.mea-1': {
    type: 'Measure',
    keeps: [
      ...[{ code: text }, { description: 'By sex' }, { criteria }, { component: [{ criteria }] }].map(stratified),
      { group: [{ code: text }] },
      {},
    ],
    breaks: [{ criteria, component: [{ criteria }] }, { code: text, component: [{ criteria }] }, { id: 'a' }].map(stratified),
  },
  'MeasureReport.mrp-1': {
    type: 'MeasureReport',
    keeps: [{ type: 'data-collection' }, { type: 'summary', group: [{ code: text }] }],
    breaks: [{ type: 'data-collection', group: [{ code: text }] }],
  },
  'MeasureReport.mrp-2': {
    type: 'MeasureReport',
    keeps: [
      ...[{ value: text }, { component: [{ code: text, value: text }] }].map(stratum),
      { group: [{ stratifier: [{ code: [text] }] }] },
    ],
    breaks: [{ value: text, component: [{ code: text, value: text }] }, { id: 'a' }].map(stratum),
  },
  'Organization.org-1': { type: 'Organization', keeps: [{ name: 'A' }, { identifier: [{ value: '1' }] }], breaks: [{ alias: ['A'] }] },
  'Organization.org-2': { type: 'Address', keeps: [{ use: 'work', city: 'A' }, { city: 'A' }], breaks: [{ use: 'home', city: 'A' }] },
  'Organization.org-3': { type: 'ContactPoint', keeps: [{ ...contact, use: 'work' }, contact], breaks: [{ ...contact, use: 'home' }] },
  'Patient.pat-1': {
    type: 'Patient.contact',
    keeps: [{ name: text }, { telecom: [contact] }, { address: { city: 'A' } }, { organization: reference }],
    breaks: [{ gender: 'male' }],
  },
};
