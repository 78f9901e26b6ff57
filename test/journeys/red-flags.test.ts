// Results of a patient that need attention, whoever created them: GET /v1/red-flags/{patient_id}. https://docs.ross.platform.loop.health
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let patient: string;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const loop = (method: 'get' | 'post', path: string) => request(facet.app)[method](path).set('Authorization', `Bearer ${facet.demo.loop}`);
beforeEach(async () => {
  const { body } = await loop('post', '/v1/patients').send({ brand_id: 'loop', first_name: 'Ada', last_name: 'Lovelace' });
  patient = body.id;
});
const flags = async (id = patient) => loop('get', `/v1/red-flags/${id}`);
const interpretation = (code: string) => [
  { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', code }] },
];
let numbers = 0;
const result = (code: string, day: string, more: object = {}) => ({
  resourceType: 'Observation',
  id: `flagged-${numbers++}`,
  status: 'final',
  code: { text: 'Potassium' },
  subject: { reference: `Patient/${patient}` },
  effectiveDateTime: day,
  interpretation: interpretation(code),
  ...more,
});

test('a value outside its range is a warning, a value within it is no flag', async () => {
  const value = {
    code: 'tsh',
    name: 'TSH',
    value: 9,
    unit: 'mIU/L',
    reference_low: 0.4,
    reference_high: 4.5,
    collected_at: '2026-01-05T08:30:00Z',
  };
  const biomarkers = [
    value,
    { ...value, code: 'ft4', name: 'Free T4', value: 1 },
    { ...value, code: 'ft3', value: 99, reference_low: null, reference_high: null },
  ];
  const sent = await loop('post', '/v1/biomarkers/parse').send({ patient_id: patient, brand_id: 'loop', source: 'upload', biomarkers });
  const response = await flags();
  expect([response.status, response.body]).toEqual([
    200,
    {
      flags: [
        {
          id: sent.body.results[0].id,
          patient_id: patient,
          brand_id: 'loop',
          rule_id: 'high',
          rule_name: 'High',
          severity: 'warn',
          biomarker_code: 'tsh',
          biomarker_id: sent.body.results[0].id,
          message: 'TSH',
          acknowledged: false,
          detected_at: sent.body.results[0].parsed_at,
        },
      ],
    },
  ]);
});

test('Observations of FHIR clients are flagged, newest first; withdrawn ones and those of other patients are not', async () => {
  await facet.put(result('LL', '2026-01-01'));
  await facet.put(result('A', '2026-03-01'));
  await facet.put(
    result('HH', '2026-02-01', {
      extension: [{ url: 'https://loop.health/fhir/StructureDefinition/flag-acknowledged', valueBoolean: true }],
    }),
  );
  await facet.put(result('HH', '2026-04-01', { status: 'entered-in-error' }));
  await facet.put(result('HH', '2026-04-01', { subject: { reference: 'Patient/somebody-else' } }));
  const { body } = await flags();
  expect(body.flags.map((flag: Record<string, unknown>) => [flag.rule_id, flag.severity, flag.acknowledged])).toEqual([
    ['abnormal', 'warn', false],
    ['critical-high', 'urgent', true],
    ['critical-low', 'urgent', false],
  ]);
});

test('off-scale values are informational unless they are also abnormal; the former code of significantly high is found, too', async () => {
  await facet.put(result('<', '2026-01-01'));
  await facet.put(result('>', '2026-02-01', { interpretation: [...interpretation('>'), ...interpretation('HH')] }));
  await facet.put(result('H>', '2026-03-01'));
  await facet.put(result('LX', '2026-04-01'));
  await facet.put(result('U', '2026-05-01'));
  const { body } = await flags();
  expect(body.flags.map((flag: Record<string, unknown>) => [flag.rule_id, flag.severity])).toEqual([
    ['below-low-threshold', 'info'],
    ['significantly-high', 'warn'],
    ['critical-high', 'urgent'],
    ['off-scale-low', 'info'],
  ]);
});

test('the response contains all flags', async () => {
  const value = { code: 'tsh', name: 'TSH', value: 9, unit: 'mIU/L', reference_high: 4.5 };
  const biomarkers = Array.from({ length: 150 }, (_, day) => ({
    ...value,
    collected_at: new Date(Date.UTC(2025, 0, 1 + day)).toISOString(),
  }));
  await loop('post', '/v1/biomarkers/parse').send({ patient_id: patient, brand_id: 'loop', source: 'upload', biomarkers });
  expect((await flags()).body.flags).toHaveLength(150);
});

test('a patient without results has no flags; an unknown patient and an invalid id are 404', async () => {
  const [none, nobody, noId] = [await flags(), await flags('01936b00-0000-7000-8000-0000000000ff'), await flags('someone')];
  expect([none.status, none.body]).toEqual([200, { flags: [] }]);
  expect([nobody.status, nobody.body.error, noId.status]).toEqual([404, 'not_found', 404]);
});
