// Cases of the constraints of clinical resources and requests. https://hl7.org/fhir/R4/resourcelist.html
import { coded, extension, type InvariantCases, quantity, reference, text } from './values.ts';

const status = (system: string, code: string) => ({ coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }] });
const clinical = (code: string) => status('condition-clinical', code);
const inError = status('condition-ver-status', 'entered-in-error');
const allergyInError = status('allergyintolerance-verification', 'entered-in-error');
const confirmed = status('allergyintolerance-verification', 'confirmed');
/** The FHIRPath engine of the test takes objects as equal only when they are the same object. */
const one = coded('1-1');

export const CARE_CASES: InvariantCases = {
  'AllergyIntolerance.ait-1': {
    type: 'AllergyIntolerance',
    keeps: [{ clinicalStatus: text }, { verificationStatus: allergyInError }, { clinicalStatus: text, verificationStatus: confirmed }],
    breaks: [{ verificationStatus: confirmed }, { verificationStatus: inError }, {}],
  },
  'AllergyIntolerance.ait-2': {
    type: 'AllergyIntolerance',
    keeps: [
      { verificationStatus: allergyInError },
      { verificationStatus: inError, clinicalStatus: text },
      { clinicalStatus: text, verificationStatus: confirmed },
      { clinicalStatus: text },
    ],
    breaks: [{ verificationStatus: allergyInError, clinicalStatus: text }],
  },
  'CarePlan.cpl-3': {
    type: 'CarePlan.activity',
    keeps: [{ detail: { status: 'scheduled' } }, { reference: { reference: 'Appointment/1' } }, { progress: [text] }],
    breaks: [{ detail: { status: 'scheduled' }, reference: { reference: 'Appointment/1' } }],
  },
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
  'Condition.con-1': { type: 'Condition.stage', keeps: [{ summary: text }, { assessment: [reference] }], breaks: [{ type: text }] },
  'Condition.con-2': { type: 'Condition.evidence', keeps: [{ code: [text] }, { detail: [reference] }], breaks: [{ id: 'a' }] },
  'Condition.con-4': {
    type: 'Condition',
    keeps: [
      { clinicalStatus: clinical('active') },
      ...['resolved', 'remission', 'inactive'].map((code) => ({ abatementString: 'May', clinicalStatus: clinical(code) })),
    ],
    breaks: [
      { abatementString: 'May', clinicalStatus: clinical('active') },
      { abatementString: 'May', clinicalStatus: status('condition-ver-status', 'resolved') },
      { abatementDateTime: '2020' },
    ],
  },
  'Condition.con-5': {
    type: 'Condition',
    keeps: [
      { verificationStatus: inError },
      { clinicalStatus: clinical('active') },
      { verificationStatus: status('condition-ver-status', 'confirmed'), clinicalStatus: clinical('active') },
      { verificationStatus: allergyInError, clinicalStatus: clinical('active') },
    ],
    breaks: [{ verificationStatus: inError, clinicalStatus: clinical('active') }],
  },
  'FamilyMemberHistory.fhs-1': {
    type: 'FamilyMemberHistory',
    keeps: [{ ageAge: quantity(40, 'a') }, { bornDate: '1980' }, {}],
    breaks: [
      { ageAge: quantity(40, 'a'), bornDate: '1980' },
      { ageString: 'forty', bornString: 'about 1980' },
    ],
  },
  'FamilyMemberHistory.fhs-2': {
    type: 'FamilyMemberHistory',
    keeps: [{ ageString: 'forty', estimatedAge: true }, { ageAge: quantity(40, 'a') }, {}],
    breaks: [{ estimatedAge: true }, { bornDate: '1980', estimatedAge: false }],
  },
  'Goal.gol-1': {
    type: 'Goal.target',
    keeps: [{ detailString: 'below 80', measure: text }, { measure: text }, { dueDate: '2020' }],
    breaks: [{ detailString: 'below 80' }, { detailQuantity: quantity(80), dueDate: '2020' }],
  },
  'Immunization.imm-1': {
    type: 'Immunization.education',
    keeps: [{ documentType: 'leaflet' }, { reference: 'https://example.org/leaflet' }],
    breaks: [{ publicationDate: '2020' }],
  },
  'ImmunizationRecommendation.imr-1': {
    type: 'ImmunizationRecommendation.recommendation',
    keeps: [{ vaccineCode: [text] }, { targetDisease: text }],
    breaks: [{ forecastStatus: text }],
  },
  'Linkage.lnk-1': {
    type: 'Linkage',
    keeps: [
      {
        item: [
          { type: 'source', resource: reference },
          { type: 'alternate', resource: reference },
        ],
      },
    ],
    breaks: [{ item: [{ type: 'source', resource: reference }] }, {}],
  },
  'MedicationAdministration.mad-1': {
    type: 'MedicationAdministration.dosage',
    keeps: [{ dose: quantity(1) }, { rateQuantity: quantity(1) }, { rateRatio: { numerator: quantity(1), denominator: quantity(1, 'h') } }],
    breaks: [{ text: 'one tablet' }],
  },
  'MedicationDispense.mdd-1': {
    type: 'MedicationDispense',
    keeps: [
      { whenPrepared: '2020-01-01', whenHandedOver: '2020-01-02' },
      { whenPrepared: '2020-01-01', whenHandedOver: '2020-01-01' },
      { whenPrepared: '2020-01-01' },
      { whenHandedOver: '2020-01-01' },
    ],
    breaks: [
      { whenPrepared: '2020-01-02', whenHandedOver: '2020-01-01' },
      { whenPrepared: '2020-01-01T10:00:00Z', whenHandedOver: '2020-01-01T09:00:00Z' },
    ],
  },
  'MolecularSequence.msq-3': {
    type: 'MolecularSequence',
    keeps: [{ coordinateSystem: 0 }, { coordinateSystem: 1 }],
    breaks: [{ coordinateSystem: 2 }],
  },
  'MolecularSequence.msq-5': {
    type: 'MolecularSequence.referenceSeq',
    keeps: [{ chromosome: text, genomeBuild: 'GRCh37' }, { referenceSeqId: text }],
    breaks: [{ chromosome: text }, { genomeBuild: 'GRCh37' }],
  },
  'MolecularSequence.msq-6': {
    type: 'MolecularSequence.referenceSeq',
    keeps: [{ genomeBuild: 'GRCh37' }, { referenceSeqId: text }, { referenceSeqPointer: reference }, { referenceSeqString: 'ACGT' }],
    breaks: [
      { windowStart: 1 },
      { genomeBuild: 'GRCh37', referenceSeqId: text },
      { referenceSeqPointer: reference, referenceSeqString: 'ACGT' },
    ],
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
  'RequestGroup.rqg-1': {
    type: 'RequestGroup.action',
    keeps: [{ resource: reference }, { action: [{ title: 'First' }] }],
    breaks: [{ title: 'Nothing to do' }, { resource: reference, action: [{ title: 'First' }] }],
  },
  'RiskAssessment.ras-1': {
    type: 'Range',
    keeps: [{ low: quantity(1, '%'), high: quantity(2, '%') }, { low: quantity(1, '%') }, { high: quantity(2, '%') }, { extension }],
    breaks: [
      { low: quantity(1) },
      { high: quantity(2) },
      { low: quantity(1, '%'), high: quantity(2) },
      { low: { value: 1, code: '%', system: 'https://example.org' } },
      { high: { value: 1, code: '%', system: 'https://example.org' } },
    ],
  },
  'RiskAssessment.ras-2': {
    type: 'RiskAssessment.prediction',
    keeps: [{ probabilityDecimal: 100 }, { probabilityDecimal: 0.5 }, { probabilityRange: { low: quantity(101, '%') } }, { outcome: text }],
    breaks: [{ probabilityDecimal: 100.5 }, { probabilityDecimal: 101 }],
  },
  'ServiceRequest.prr-1': { type: 'ServiceRequest', keeps: [{ code: text, orderDetail: [text] }, {}], breaks: [{ orderDetail: [text] }] },
  'Task.inv-1': {
    type: 'Task',
    keeps: [{ authoredOn: '2020-01-01', lastModified: '2020-01-02' }, { authoredOn: '2020-01-01' }, { lastModified: '2020-01-01' }],
    breaks: [
      { authoredOn: '2020-01-02', lastModified: '2020-01-01' },
      { authoredOn: '2020-01-01T10:00:00Z', lastModified: '2020-01-01T09:59:59Z' },
    ],
  },
};
