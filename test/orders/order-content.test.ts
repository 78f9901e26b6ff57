// The elements of a request besides test and patient: what is sent for each, and what is refused because it cannot be sent.
import type { Resource } from '../../src/fhir/types.ts';
import { update } from '../../src/interactions/update.ts';
import { readClinicalNotes } from '../../src/orders/place/clinical-information.ts';
import { readLabAccount } from '../../src/orders/place/order-performer.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { ADA, type OrderFixture, openOrderFixture, PANEL_SYSTEM, REQUEST, SYSTEMS, TEST_SYSTEMS } from './order-fixture.ts';

let store: TestStore;
let fixture: OrderFixture;
beforeAll(async () => {
  store = await openTestStore();
  fixture = await openOrderFixture(store);
  await fixture.put(ADA);
  await fixture.put({ ...ADA, id: 'grace' } as Resource);
  for (const resource of KEPT) await fixture.put(resource as unknown as Resource);
});
afterAll(async () => {
  await fixture.close();
  await store.close();
});

const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';
const of = (id: string) => ({ reference: `Patient/${id}` });
const condition = (id: string, code: string, more: object = {}) => ({
  resourceType: 'Condition',
  id,
  subject: of('ada'),
  code: { coding: [{ system: ICD, code }] },
  ...more,
});
const answers = (id: string, items: object[], more: object = {}) => ({
  resourceType: 'QuestionnaireResponse',
  id,
  status: 'completed',
  subject: of('ada'),
  item: items,
  ...more,
});
const consent = (id: string, more: object = {}) => ({
  resourceType: 'Consent',
  id,
  status: 'active',
  scope: { text: 'treatment' },
  category: [{ coding: [{ system: SYSTEMS.consents, code: 'hipaa-authorization' }] }],
  patient: of('ada'),
  dateTime: '2026-11-20T10:00:00Z',
  policyRule: { text: 'ours' },
  ...more,
});
const ACCOUNT = '0f0e0d0c-0b0a-4908-8706-050403020100';
const organization = (id: string, value?: string) => ({
  resourceType: 'Organization',
  id,
  name: 'Laboratory',
  ...(value !== undefined && { identifier: [{ system: SYSTEMS.labAccount, value }] }),
});
const verified = (code: string) => ({
  verificationStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code }] },
});
const item = (linkId: string, ...answer: object[]) => ({ linkId, answer });
const KEPT = [
  condition('fatigue', 'r53.83'),
  condition('other', 'E28.2', { subject: of('grace') }),
  condition('refuted', 'E28.2', verified('refuted')),
  condition('nothing', 'x', { code: { text: 'tired' } }),
  { resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'fasting' }, subject: of('ada') },
  answers('lead', [
    { linkId: 'group', item: [item('173.1234567890251', { valueCoding: { code: 'LCANS4' }, item: [item('173.2', { valueInteger: 3 })] })] },
    item('173.3', { valueDate: '2026-11-01' }),
    item('174.4', { valueString: 'left arm, “tender”' }),
    { linkId: 'not answered' },
  ]),
  answers('unfinished', [item('1.1', { valueInteger: 1 })], { status: 'in-progress' }),
  answers('foreign', [item('1.1', { valueInteger: 1 })], { subject: of('grace') }),
  answers('unnamed', [item('pregnant', { valueInteger: 1 })]),
  answers('twice', [item('1.1', { valueInteger: 1 }, { valueInteger: 2 })]),
  answers('uncoded', [item('1.1', { valueCoding: { display: 'yes' } })]),
  answers('month', [item('1.1', { valueDate: '2026-11' })]),
  answers('truth', [item('1.1', { valueBoolean: true })]),
  consent('hipaa'),
  consent('over', { status: 'inactive' }),
  consent('denied', { provision: { type: 'deny' } }),
  consent('past', { provision: { type: 'permit', period: { end: '2026-11' } } }),
  consent('ended', { provision: { type: 'permit', period: { end: '2026-11-20' } } }),
  consent('unknown', { category: [{ coding: [{ system: SYSTEMS.consents, code: 'anything' }] }] }),
  consent('research', { category: [{ text: 'research' }] }),
  consent('undated', { dateTime: '2026-11-20' }),
  consent('theirs', { patient: of('grace') }),
  organization('lab', ACCOUNT),
  organization('second', '1f0e0d0c-0b0a-4908-8706-050403020100'),
  organization('plain'),
  organization('wrong', 'account 7'),
];

let ids = 0;
/** What is sent of a request with this; the order of a contained resource's digits is as they are written in `text`. */
const sent = async (more: object): Promise<Record<string, unknown>> => {
  const id = `c${ids++}`;
  await fixture.put({ ...REQUEST, id, ...more } as Resource);
  return JSON.parse(JSON.parse((await fixture.entry(id))!.payload).text);
};
/** The elements that a refusal names, and that nothing was written. */
const refusal = async (more: object): Promise<string[]> => {
  const id = `r${ids++}`;
  const result = await fixture.put({ ...REQUEST, id, ...more } as Resource).then(
    () => 'taken',
    (error: { kind: string; issues: { expression: string[] }[] }) => [error.kind, ...error.issues.flatMap(({ expression }) => expression)],
  );
  expect(await fixture.context.store.read(fixture.tenant, 'ServiceRequest', id)).toBeUndefined();
  expect(result[0]).toBe('rule');
  return result.slice(1) as string[];
};
const refs = (...references: string[]) => references.map((reference) => ({ reference }));

test('a minimal request sends nothing else', async () => {
  expect(Object.keys(await sent({}))).toEqual(['patient_details', 'patient_address', 'order_set', 'passthrough']);
});

describe('notes', () => {
  test('are sent unchanged, line by line, up to the limit; patientInstruction is not sent', async () => {
    const note = [{ text: 'fasting since “8 pm”' }, { text: 'é'.repeat(99) }];
    expect((await sent({ note, patientInstruction: 'drink water' })).clinical_notes).toBe(`fasting since “8 pm”\n${'é'.repeat(99)}`);
  });

  test('that are too long are refused, not cut', async () => {
    const written = fixture.put({ ...REQUEST, id: 'long', note: [{ text: 'fasting' }, { text: 'x'.repeat(113) }] } as Resource);
    await expect(written).rejects.toMatchObject({
      kind: 'rule',
      issues: [{ expression: ['ServiceRequest.note'], text: expect.stringMatching(/120 characters.*121/) }],
    });
  });

  test('may be longer if the installation configures it', () => {
    const noted = (length: number) => readClinicalNotes({ ...REQUEST, note: [{ text: 'x'.repeat(length) }] }, 1000);
    expect([noted(1000), 'issues' in noted(1001)]).toEqual([{ value: 'x'.repeat(1000) }, true]);
  });

  test('are in the Task as sent, whatever is added to the request later', async () => {
    await fixture.put({ ...REQUEST, id: 'told', note: [{ text: 'fasting' }] } as Resource);
    await fixture.put({ ...REQUEST, id: 'told', note: [{ text: 'fasting' }, { text: 'called the patient' }] } as Resource);
    expect((await fixture.tasks('told'))[0]!.input).toEqual([
      { type: { coding: [{ system: SYSTEMS.taskInput, code: 'clinical-notes' }] }, valueString: 'fasting' },
    ]);
    await fixture.put({ ...REQUEST, id: 'untold' });
    expect((await fixture.tasks('untold'))[0]!.input).toBeUndefined();
  });
});

describe('the collection method', () => {
  const extension = (valueCode: string) => [{ url: SYSTEMS.collectionMethod, valueCode }];
  const place = (code: string, system = SYSTEMS.collectionMethods) => [{ coding: [{ system, code }] }];

  test.each<[string, object, string]>([
    ['the extension', { extension: extension('at_home_phlebotomy') }, 'at_home_phlebotomy'],
    ['a place of ours', { locationCode: place('on_site_collection') }, 'on_site_collection'],
    ['the extension, whatever the place', { extension: extension('walk_in_test'), locationReference: refs('Location/x') }, 'walk_in_test'],
  ])('is given by %s', async (_title, more, method) => {
    expect((await sent(more)).collection_method).toBe(method);
  });

  test.each<[string, object, string]>([
    ['a kit', { extension: extension('testkit') }, `ServiceRequest.extension.where(url='${SYSTEMS.collectionMethod}')`],
    ['no way at all', { extension: extension('by_post') }, `ServiceRequest.extension.where(url='${SYSTEMS.collectionMethod}')`],
    ['two ways', { locationCode: [...place('walk_in_test'), ...place('on_site_collection')] }, 'ServiceRequest.locationCode'],
    ['a place alone', { locationCode: place('PTRES', 'http://terminology.hl7.org/CodeSystem/v3-RoleCode') }, 'ServiceRequest.locationCode'],
    ['a location alone', { locationReference: refs('Location/x') }, 'ServiceRequest.locationReference'],
  ])('that is %s is refused', async (_title, more, element) => {
    expect(await refusal(more)).toEqual([element]);
  });
});

describe('the reasons', () => {
  test('are sent as ICD-10-CM codes of the request and its conditions, in upper case and once each; other codes are not sent', async () => {
    const contained = [{ ...condition('c', 'E03.9'), id: 'c' }];
    const more = {
      contained,
      reasonCode: [{ coding: [{ system: ICD, code: 'e28.2' }] }, { text: 'tired' }],
      reasonReference: refs(
        'Condition/fatigue',
        '#c',
        `${fixture.context.baseUrl}/Condition/fatigue`,
        'Condition/nothing',
        'Observation/o',
        'Observation/x',
      ),
    };
    expect((await sent(more)).icd_codes).toEqual(['E28.2', 'R53.83', 'E03.9']);
  });

  test.each<[string, string, string[]]>([
    ['nothing', 'Condition/missing', []],
    ['something on another server', 'https://elsewhere.example/Condition/1', []],
    ['another patient’s condition', 'Condition/other', ['Condition.subject']],
    ['a condition that the patient does not have', 'Condition/refuted', ['Condition.verificationStatus']],
  ])('that refer to %s are refused', async (_title, reference, more) => {
    expect(await refusal({ reasonReference: refs('Condition/fatigue', reference) })).toEqual([
      'ServiceRequest.reasonReference[1]',
      ...more,
    ]);
  });

  test('of another tenant are not found', async () => {
    const theirs = { ...fixture.context, caller: { ...fixture.context.caller, tenant: fixture.tenant + 2000 } };
    const resource = condition('elsewhere', 'E28.2') as unknown as Resource;
    await update(theirs, { type: 'Condition', id: 'elsewhere', draft: { resource, exact: resource } });
    expect(await refusal({ reasonReference: refs('Condition/elsewhere') })).toEqual(['ServiceRequest.reasonReference[0]']);
  });
});

describe('supportingInfo', () => {
  test('contains answers to the laboratory’s questions, and consents, stored or contained', async () => {
    const contained = [answers('more', [item('175.5', { valueInteger: 7 })], { subject: undefined })];
    const more = await sent({ contained, supportingInfo: refs('QuestionnaireResponse/lead', '#more', 'Consent/hipaa') });
    expect(more.aoe_answers).toEqual([
      { marker_id: 173, question_id: 1234567890251, answer: 'LCANS4' },
      { marker_id: 173, question_id: 2, answer: '3' },
      { marker_id: 173, question_id: 3, answer: '20261101' },
      { marker_id: 174, question_id: 4, answer: 'left arm, “tender”' },
      { marker_id: 175, question_id: 5, answer: '7' },
    ]);
    expect(more.consents).toEqual([{ consentType: 'hipaa-authorization', timeOfConsent: '2026-11-20T10:00:00Z' }]);
  });

  test('keeps the digits of an answer', async () => {
    const rawJson = (JSON as unknown as { rawJSON(text: string): object }).rawJSON;
    const [rounded, exact] = [70.5, rawJson('70.50')].map((valueDecimal) => ({
      ...REQUEST,
      id: 'digits',
      contained: [answers('weight', [item('9.1', { valueDecimal })])],
      supportingInfo: refs('#weight'),
    }));
    await update(fixture.context, { type: 'ServiceRequest', id: 'digits', draft: { resource: rounded!, exact: exact! } });
    expect(JSON.parse(JSON.parse((await fixture.entry('digits'))!.payload).text).aoe_answers[0].answer).toBe('70.50');
  });

  test.each<[string, string, string[]]>([
    ['nothing', 'QuestionnaireResponse/missing', []],
    ['another patient’s answers', 'QuestionnaireResponse/foreign', ['QuestionnaireResponse.subject']],
    ['answers that are not finished', 'QuestionnaireResponse/unfinished', ['QuestionnaireResponse.status']],
    ['an answer to nobody’s question', 'QuestionnaireResponse/unnamed', ['QuestionnaireResponse.item[0].linkId']],
    ['two answers to one question', 'QuestionnaireResponse/twice', ['QuestionnaireResponse.item[0].answer']],
    ['a choice without a code', 'QuestionnaireResponse/uncoded', ['QuestionnaireResponse.item[0].answer[0]']],
    ['a month', 'QuestionnaireResponse/month', ['QuestionnaireResponse.item[0].answer[0]']],
    ['a truth', 'QuestionnaireResponse/truth', ['QuestionnaireResponse.item[0].answer[0]']],
    ['a consent that is over', 'Consent/over', ['Consent.status']],
    ['a refusal', 'Consent/denied', ['Consent.provision.type']],
    ['a consent whose time has passed', 'Consent/ended', ['Consent.provision.period']],
    ['a consent in words of its own', 'Consent/unknown', ['Consent.category']],
    ['a consent to something else', 'Consent/research', ['Consent.category']],
    ['a consent without a time', 'Consent/undated', ['Consent.dateTime']],
    ['another patient’s consent', 'Consent/theirs', ['Consent.patient']],
    ['what the network does not take', 'Observation/o', []],
  ])('is refused if it is %s', async (_title, reference, more) => {
    expect(await refusal({ supportingInfo: refs('Consent/hipaa', reference) })).toEqual(['ServiceRequest.supportingInfo[1]', ...more]);
  });

  test('answers each question once, and may have a month as the end of its validity', async () => {
    expect(await refusal({ supportingInfo: refs('QuestionnaireResponse/lead', 'QuestionnaireResponse/lead') })).toEqual([
      'ServiceRequest.supportingInfo',
    ]);
    expect((await sent({ supportingInfo: refs('Consent/past') })).consents).toHaveLength(1);
  });
});

describe('the performer', () => {
  test('is an organization with an account at a laboratory', async () => {
    expect((await sent({ performer: refs('Organization/lab') })).lab_account_id).toBe(ACCOUNT);
  });

  test.each<[string, string, string[]]>([
    ['an organization with another kind of account', 'Organization/wrong', ['Organization.identifier']],
    ['no organization', 'Patient/ada', []],
  ])('that is %s is refused', async (_title, reference, more) => {
    expect(await refusal({ performer: refs(reference) })).toEqual(['ServiceRequest.performer[0]', ...more]);
  });

  test('may be absent: then the account of the installation is used, if there is one', async () => {
    const account = (more: object) =>
      readLabAccount(
        fixture.context,
        { ...REQUEST, ...more },
        { system: SYSTEMS.labAccount, defaultLabAccount: 'the standard', allowedLabAccounts: undefined },
      );
    expect([await account({}), await account({ performer: refs('Organization/lab') })]).toEqual([
      { value: 'the standard' },
      { value: ACCOUNT },
    ]);
  });

  test.each<[string, string[] | undefined, boolean]>([
    ['may be any', undefined, true],
    ['may be one that the account lists', [ACCOUNT], true],
    ['is refused if the account does not list it', ['11111111-1111-4111-8111-111111111111'], false],
    ['is refused if the account lists none', [], false],
  ])('its account %s', async (_what, allowedLabAccounts, isAllowed) => {
    fixture.rules.account = { ...fixture.rules.account!, allowedLabAccounts };
    const performer = refs('Organization/lab');
    if (isAllowed) return expect(await sent({ performer })).toMatchObject({ lab_account_id: ACCOUNT });
    expect(await refusal({ performer })).toEqual(['ServiceRequest.performer']);
  });

  test('is refused if there are two', async () => {
    expect(await refusal({ performer: refs('Organization/lab', 'Organization/second') })).toEqual(['ServiceRequest.performer']);
  });
});

describe('the test', () => {
  const ID = '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a01';
  const panel = (code: string) => ({ system: PANEL_SYSTEM, code });
  const test_ = (code: string) => ({ system: TEST_SYSTEMS.labTests, code });
  const own = (laboratory: string, code: string) => ({ system: `${TEST_SYSTEMS.laboratories}${laboratory}`, code });
  const extension = [{ url: SYSTEMS.collectionMethod, valueCode: 'walk_in_test' }];

  test('may be named by its id at the network, or by a laboratory’s code together with the collection method', async () => {
    expect((await sent({ code: { coding: [test_(ID)] } })).order_set).toEqual({ lab_test_ids: [ID] });
    const added = await sent({ extension, orderDetail: [{ coding: [own('quest', '899')] }] });
    expect(added.order_set).toEqual({ lab_test_ids: fixture.sandbox.panels.pcos, add_on: { provider_ids: ['899'] } });
    expect((await sent({ extension, code: { coding: [own('quest', '899')] } })).order_set).toEqual({ add_on: { provider_ids: ['899'] } });
  });

  test.each<[string, object, string]>([
    ['an id that is none', { code: { coding: [test_('tsh')] } }, 'ServiceRequest.code'],
    ['a panel and the id of another test', { code: { coding: [panel('pcos'), test_(ID)] } }, 'ServiceRequest.code'],
    ['a panel and one that is unknown', { code: { coding: [panel('pcos'), panel('x')] } }, 'ServiceRequest.code'],
    ['a code of a laboratory, and no way of taking the sample', { code: { coding: [own('quest', '1')] } }, 'ServiceRequest.extension'],
    ['codes of two laboratories', { extension, code: { coding: [own('quest', '1'), own('labcorp', '2')] } }, 'ServiceRequest.code'],
    ['a detail that is no test', { orderDetail: [{ text: 'stat' }] }, 'ServiceRequest.orderDetail[0]'],
  ])('that is %s is refused', async (_title, more, element) => {
    expect(await refusal(more)).toEqual([element]);
  });
});

describe('an element that cannot be sent', () => {
  test.each<[string, object]>([
    ['quantity', { quantityQuantity: { value: 2 } }],
    ['quantity', { quantityRatio: { numerator: { value: 1 }, denominator: { value: 1 } } }],
    ['occurrence', { occurrenceTiming: { event: ['2026-12-05'] } }],
    ['occurrence', { occurrenceDateTime: '2026-12' }],
    ['occurrence.start', { occurrencePeriod: { start: '2027' } }],
    ['asNeeded', { asNeededBoolean: true }],
    ['asNeeded', { asNeededCodeableConcept: { text: 'fever' } }],
    ['bodySite', { bodySite: [{ text: 'left arm' }] }],
    ['specimen', { specimen: refs('Specimen/s') }],
    ['modifierExtension', { modifierExtension: [{ url: 'http://example.org/not', valueBoolean: true }] }],
    ['implicitRules', { implicitRules: 'http://example.org/rules' }],
  ])('%s is refused (%j)', async (element, more) => {
    expect(await refusal(more)).toEqual([`ServiceRequest.${element}`]);
  });

  test('an element without effect is not refused', async () => {
    await sent({ quantityQuantity: { value: 1 }, asNeededBoolean: false, occurrenceDateTime: '2026', encounter: refs('Encounter/e')[0] });
  });
});

test('a draft with such elements is stored, and refused when it becomes active', async () => {
  const draft = { ...REQUEST, id: 'draft', status: 'draft', bodySite: [{ text: 'left arm' }], reasonReference: refs('Condition/missing') };
  await fixture.put(draft as Resource);
  await expect(fixture.put({ ...draft, status: 'active' } as Resource)).rejects.toMatchObject({
    kind: 'rule',
    issues: [{ expression: ['ServiceRequest.bodySite'] }, { expression: ['ServiceRequest.reasonReference[0]'] }],
  });
  expect((await fixture.read('ServiceRequest', 'draft')).status).toBe('draft');
  expect(await fixture.entry('draft')).toBeUndefined();
});
