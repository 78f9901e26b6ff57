// Patient/$merge: references, links and identifiers after it, its preview, repetition, refusals, orders in flight, scopes and tenants.
// https://hl7.org/fhir/R5/patient-operation-merge.html
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { type Method, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const call = (method: Method, path: string, key?: string) => facet.fhir(method, path, key);
const put = (type: string, id: string, more: object = {}) => facet.put({ resourceType: type, id, ...more });
const read = async (path: string) => (await call('get', `/${path}`)).body;
const refer = (id: string) => ({ reference: `Patient/${id}` });
const observation = (id: string, subject: string, more: object = {}) =>
  put('Observation', id, { status: 'final', code: { text: 'x' }, subject: refer(subject), ...more });
const countOf = async (type: string, patient: string): Promise<number> =>
  (await read(`${type}?patient=Patient/${patient}&_summary=count`)).total;

interface Options {
  result?: object;
  preview?: boolean;
  key?: string;
  more?: object[];
}
const merge = (source: string, target: string, { result, preview, key, more = [] }: Options = {}) =>
  send(
    [
      { name: 'source-patient', valueReference: refer(source) },
      { name: 'target-patient', valueReference: refer(target) },
      ...(result ? [{ name: 'result-patient', resource: { resourceType: 'Patient', id: target, ...result } }] : []),
      ...(preview === undefined ? [] : [{ name: 'preview', valueBoolean: preview }]),
      ...more,
    ],
    key,
  );
const send = (parameter: object[], key?: string) => call('post', '/Patient/$merge', key).send({ resourceType: 'Parameters', parameter });
interface Parameters {
  parameter: { name: string; resource: { resourceType: string; meta?: object; issue: { details: { text: string } }[] } }[];
}
const part = ({ parameter }: Parameters, name: string) => parameter.find((one) => one.name === name)!.resource;
const textOf = (body: Parameters): string => part(body, 'outcome').issue[0]!.details.text;
/** Two patients, each with an identifier. */
async function pair(source: string, target: string): Promise<void> {
  await put('Patient', source, { identifier: [{ system: 'urn:mrn', value: source }], name: [{ family: 'Lovelace' }] }).expect(201);
  await put('Patient', target, { identifier: [{ system: 'urn:mrn', value: target }], active: true }).expect(201);
}

test('references in all resources lead to the target, with their versions in the history; both patients are linked', async () => {
  await pair('s1', 't1');
  await observation('o1', 's1', {
    performer: [refer('s1')],
    note: [{ authorReference: refer('s1'), text: 'x' }],
    valueQuantity: { value: 5 },
  });
  await put('Encounter', 'e1', { status: 'planned', class: { code: 'AMB' }, subject: { ...refer('s1'), display: 'Ada' } });
  await put('Group', 'g1', { type: 'person', actual: true, member: [{ entity: refer('s1') }, { entity: refer('other') }] });
  await put('Observation', 'absolute', {
    status: 'final',
    code: { text: 'x' },
    subject: { reference: 'http://facet.test/fhir/R4/Patient/s1' },
  });
  await put('Observation', 'version', { status: 'final', code: { text: 'x' }, focus: [{ reference: 'Patient/s1/_history/1' }] });
  await observation('others', 's10');
  const { status, body } = await merge('s1', 't1');
  expect([status, body.resourceType, body.parameter.map(({ name }: { name: string }) => name)]).toEqual([
    200,
    'Parameters',
    ['input', 'outcome', 'result'],
  ]);
  expect(textOf(body)).toBe('the patients were merged; resources whose references changed to the target patient: 4');
  const target = await read('Patient/t1');
  expect(part(body, 'result')).toEqual(target);
  expect(target).toMatchObject({
    active: true,
    identifier: [{ value: 't1' }, { system: 'urn:mrn', value: 's1', use: 'old' }],
    link: [{ other: refer('s1'), type: 'replaces' }],
  });
  expect(await read('Patient/s1')).toMatchObject({
    active: false,
    name: [{ family: 'Lovelace' }],
    link: [{ other: refer('t1'), type: 'replaced-by' }],
  });
  expect(await read('Observation/o1')).toMatchObject({
    subject: refer('t1'),
    performer: [refer('t1')],
    note: [{ authorReference: refer('t1') }],
    valueQuantity: { value: 5 },
  });
  expect((await read('Encounter/e1')).subject).toEqual({ reference: 'Patient/t1', display: 'Ada' });
  expect((await read('Group/g1')).member).toEqual([{ entity: refer('t1') }, { entity: refer('other') }]);
  expect((await read('Observation/absolute')).subject).toEqual(refer('t1'));
  expect([(await read('Observation/version')).focus, (await read('Observation/others')).subject]).toEqual([
    [{ reference: 'Patient/s1/_history/1' }],
    refer('s10'),
  ]);
  expect([await countOf('Observation', 's1'), await countOf('Observation', 't1')]).toEqual([0, 2]);
  const { entry } = await read('Observation/o1/_history');
  expect(entry.map(({ resource }: { resource: { subject: object } }) => resource.subject)).toEqual([refer('t1'), refer('s1')]);
  const provenance = await read('Provenance?target=Patient/t1');
  expect(provenance.entry[0].resource).toMatchObject({
    target: [refer('t1'), { reference: 'Patient/s1/_history/2' }],
    activity: { coding: [{ code: 'merge' }] },
  });
});

test('a reference in an element without a search parameter changes too, also if the resource has no other', async () => {
  await pair('s16', 't16');
  const author = { authorReference: refer('s16'), text: 'x' };
  await observation('child', 'other', { note: [author], extension: [{ url: 'urn:guarantor', valueReference: refer('s16') }] });
  await observation('text', 'other', { note: [{ text: 'see Patient/s16"' }] });
  await observation('longer', 'other', { note: [{ ...author, authorReference: refer('s160') }] });
  expect(textOf((await merge('s16', 't16')).body)).toMatch(/: 1$/);
  expect(await read('Observation/child')).toMatchObject({
    note: [{ authorReference: refer('t16') }],
    extension: [{ valueReference: refer('t16') }],
  });
  const others = await Promise.all(['text', 'longer'].map(async (id) => (await read(`Observation/${id}`)).meta.versionId));
  expect(others).toEqual(['1', '1']);
});

test('a preview shows the result and the number of resources, and writes nothing', async () => {
  await pair('s2', 't2');
  await observation('o2', 's2');
  const before = await read('_history?_count=1');
  const { status, body } = await merge('s2', 't2', { preview: true });
  expect([status, textOf(body)]).toEqual([
    200,
    'these patients can be merged; resources whose references would change to the target patient: 1',
  ]);
  expect(part(body, 'result')).toMatchObject({ id: 't2', link: [{ other: refer('s2'), type: 'replaces' }] });
  expect(part(body, 'result').meta).toBeUndefined();
  expect((await read('_history?_count=1')).entry).toEqual(before.entry);
  expect([await countOf('Observation', 's2'), (await read('Patient/s2')).meta.versionId]).toEqual([1, '1']);
});

test('a repeated merge writes no patient again, and moves only references stored since', async () => {
  await pair('s3', 't3');
  await observation('o3', 's3');
  await merge('s3', 't3').expect(200);
  const versions = async () => [(await read('Patient/s3')).meta.versionId, (await read('Patient/t3')).meta.versionId];
  const merged = await versions();
  expect(textOf((await merge('s3', 't3')).body)).toBe(
    'these patients were merged before; resources whose references changed to the target patient: 0',
  );
  await observation('late', 's3');
  expect(textOf((await merge('s3', 't3', { result: { active: true } })).body)).toMatch(/merged before; .*: 1$/);
  expect([await versions(), (await read('Observation/late')).subject, (await read('Provenance?target=Patient/t3')).entry.length]).toEqual([
    merged,
    refer('t3'),
    1,
  ]);
});

test('the patients are found by identifiers, also when a merge is repeated', async () => {
  await pair('s4', 't4');
  const named = (value: string, role: string) => ({ name: `${role}-patient-identifier`, valueIdentifier: { system: 'urn:mrn', value } });
  for (const expected of ['the patients were merged', 'these patients were merged before']) {
    const { status, body } = await send([named('s4', 'source'), named('t4', 'target')]);
    expect([status, textOf(body)]).toEqual([200, expect.stringContaining(expected)]);
  }
  const logical = { name: 'source-patient', valueReference: { identifier: { system: 'urn:mrn', value: 's4' } } };
  expect((await send([logical, named('t4', 'target')])).status).toBe(200);
});

test('a result that is given is stored as it is', async () => {
  await pair('s5', 't5');
  const result = { name: [{ family: 'Byron' }], link: [{ other: refer('s5'), type: 'replaces' }], identifier: [{ value: 'new' }] };
  const { body } = await merge('s5', 't5', { result });
  expect(part(body, 'result')).toMatchObject(result);
  expect(await read('Patient/t5')).toEqual(part(body, 'result'));
});

test('the response in XML shows the input as it was read, without elements that R4 does not have', async () => {
  await pair('s17', 't17');
  const sent = (last: object) => [
    { name: 'source-patient', valueReference: { ...refer('s17'), shoe: 1 } },
    { name: 'source-patient-identifier', valueIdentifier: { system: 'urn:mrn', value: 's17', shoe: 1 } },
    { name: 'target-patient', valueReference: { reference: 'http://facet.test/fhir/R4/Patient/t17' }, shoe: 1 },
    last,
  ];
  const preview = { name: 'preview', valueBoolean: false };
  const { status, text } = await send(sent(preview)).set('Accept', 'application/fhir+xml');
  expect([status, text.match(/<name value="input"\/><resource>(.*?)<\/resource>/s)?.[1]]).toEqual([
    200,
    '<Parameters>' +
      '<parameter><name value="source-patient"/><valueReference><reference value="Patient/s17"/></valueReference></parameter>' +
      '<parameter><name value="source-patient-identifier"/><valueIdentifier><system value="urn:mrn"/><value value="s17"/></valueIdentifier></parameter>' +
      '<parameter><name value="target-patient"/><valueReference><reference value="Patient/t17"/></valueReference></parameter>' +
      '<parameter><name value="preview"/><valueBoolean value="false"/></parameter></Parameters>',
  ]);
  // a repeated merge does not store a result, but refuses an invalid one too
  const invalid = { name: 'result-patient', resource: { resourceType: 'Patient', id: 't17', shoe: 1 } };
  expect((await send(sent(invalid)).set('Accept', 'application/fhir+xml')).status).toBe(400);
});

test('a chain of merges ends at the last target, and cannot be closed to a circle', async () => {
  await pair('a6', 'b6');
  await put('Patient', 'c6');
  await observation('o6', 'a6');
  await merge('a6', 'b6').expect(200);
  await merge('b6', 'c6').expect(200);
  expect([(await read('Observation/o6')).subject, (await read('Patient/a6')).link]).toEqual([
    refer('c6'),
    [{ other: refer('c6'), type: 'replaced-by' }],
  ]);
  for (const [source, target] of [
    ['c6', 'a6'],
    ['c6', 'b6'],
    ['b6', 'a6'],
  ] as const)
    expect([source, target, (await merge(source, target)).status]).toEqual([source, target, 422]);
});

test.each<[string, number, (s: string, t: string) => object[]]>([
  ['one patient twice', 400, (s) => [reference('source', s), reference('target', s)]],
  ['no source', 400, (_s, t) => [reference('target', t)]],
  ['an unknown parameter', 400, (s, t) => [reference('source', s), reference('target', t), { name: 'x', valueString: 'x' }]],
  [
    'a reference to another type',
    400,
    (s, t) => [{ name: 'source-patient', valueReference: { reference: `Person/${s}` } }, reference('target', t)],
  ],
  ['an unknown source', 404, (_s, t) => [reference('source', 'nobody'), reference('target', t)]],
  ['an identifier the source does not have', 422, (s, t) => [reference('source', s), identifier('source', 'x'), reference('target', t)]],
  ['an identifier that nobody has', 422, (_s, t) => [identifier('source', 'nobody'), reference('target', t)]],
  ['a result with another id', 422, (s, t) => [reference('source', s), reference('target', t), result('x', s)]],
  [
    'a result without a link',
    422,
    (s, t) => [reference('source', s), reference('target', t), { name: 'result-patient', resource: { resourceType: 'Patient', id: t } }],
  ],
  ['an invalid result', 400, (s, t) => [reference('source', s), reference('target', t), result(t, s, { shoe: 1 })]],
])('%s is refused (%i) and nothing changes', async (what, status, parameters) => {
  const [s, t] = [`s-${what.replaceAll(' ', '-')}`, `t-${what.replaceAll(' ', '-')}`];
  await pair(s, t);
  expect((await send(parameters(s, t))).status).toBe(status);
  expect([(await read(`Patient/${s}`)).meta.versionId, (await read(`Patient/${t}`)).meta.versionId]).toEqual(['1', '1']);
});
function reference(role: string, id: string) {
  return { name: `${role}-patient`, valueReference: refer(id) };
}
function identifier(role: string, value: string) {
  return { name: `${role}-patient-identifier`, valueIdentifier: { system: 'urn:mrn', value } };
}
function result(id: string, source: string, more: object = {}) {
  return { name: 'result-patient', resource: { resourceType: 'Patient', id, link: [{ other: refer(source), type: 'replaces' }], ...more } };
}

test('an inactive target is refused with the remedy', async () => {
  await pair('s7', 't7');
  await put('Patient', 't7', { active: false }).expect(200);
  const { status, body } = await merge('s7', 't7');
  expect([status, body.issue[0].details.text]).toEqual([422, 'the target patient is not active: set active to true first']);
});

test('it needs scopes for the patients and for every type that it changes; another tenant’s patients are 404', async () => {
  await pair('s8', 't8');
  await observation('o8', 's8');
  const scopes = ['system/Patient.ruds', 'system/Observation.rs'];
  const few = await merge('s8', 't8', { key: await facet.keyWith('fhir', scopes) });
  expect([few.status, few.body.issue[0].details.text]).toEqual([403, expect.stringContaining('system/Observation.u')]);
  expect((await merge('s8', 't8', { key: await facet.keyWith('fhir', ['system/*.rs']) })).status).toBe(403);
  expect((await merge('s8', 't8', { key: facet.other.fhir! })).status).toBe(404);
  expect([(await read('Patient/s8')).meta.versionId, await countOf('Observation', 's8')]).toEqual(['1', 1]);
  expect((await merge('s8', 't8', { key: await facet.keyWith('fhir', ['system/Patient.ruds', 'system/Observation.u']) })).status).toBe(200);
});

test('nothing of another tenant with the same ids changes', async () => {
  const other = facet.other.fhir!;
  await facet.put({ resourceType: 'Patient', id: 's9' }, other).expect(201);
  await facet.put({ resourceType: 'Observation', id: 'o9', status: 'final', code: { text: 'x' }, subject: refer('s9') }, other).expect(201);
  await pair('s9', 't9');
  await observation('o9', 's9');
  await merge('s9', 't9').expect(200);
  for (const path of ['Patient/s9', 'Observation/o9'])
    expect([path, (await call('get', `/${path}`, other)).body.meta.versionId]).toEqual([path, '1']);
});

test('a merge that fails after the patients were written changes nothing', async () => {
  await pair('s11', 't11');
  await observation('o11', 's11');
  await put('Binary', 'b11', { contentType: 'text/plain', data: 'AAAA', securityContext: refer('s11') }).expect(201);
  const key = await facet.keyWith('fhir', ['system/Patient.rs', 'system/Patient.u', 'system/Observation.u', 'system/Binary.u']);
  const { status } = await merge('s11', 't11', { key: await facet.keyWith('fhir', ['system/Patient.rus']) });
  expect([status, (await read('Patient/s11')).active, await countOf('Observation', 's11')]).toEqual([403, undefined, 1]);
  expect((await merge('s11', 't11', { key })).status).toBe(200);
});

test('a parameter in the URL is refused: a preview that is ignored would be a merge', async () => {
  await pair('s13', 't13');
  const body = { resourceType: 'Parameters', parameter: [reference('source', 's13'), reference('target', 't13')] };
  expect((await call('post', '/Patient/$merge?preview=true').send(body)).status).toBe(400);
  expect((await read('Patient/s13')).meta.versionId).toBe('1');
});

test('an entry of a batch merges; a transaction refuses it', async () => {
  await pair('s12', 't12');
  const resource = { resourceType: 'Parameters', parameter: [reference('source', 's12'), reference('target', 't12')] };
  const bundle = (type: string) =>
    call('post', '').send({ resourceType: 'Bundle', type, entry: [{ resource, request: { method: 'POST', url: 'Patient/$merge' } }] });
  expect((await bundle('transaction')).status).toBe(400);
  expect((await read('Patient/s12')).meta.versionId).toBe('1');
  expect((await bundle('batch')).body.entry[0].response.status).toBe('200 OK');
});

describe('orders', () => {
  const ordered = async (id: string) =>
    until(
      () => read(`ServiceRequest/${id}`),
      ({ identifier: known }) => known !== undefined,
    );
  const countOrders = async (): Promise<number> =>
    (await facet.store.database.query<{ n: number }>('select count(*)::int as n from outbox'))[0]!.n;

  test('an open order of the source is refused (409), an ended one follows its patient and is not sent again', async () => {
    const [source, target] = ['01936b00-0000-7000-8000-0000000000b1', '01936b00-0000-7000-8000-0000000000b2'];
    for (const id of [source, target]) await facet.put(orderable(id)).expect(201);
    const request = (await call('post', '/ServiceRequest').send(panelFor(source))).body;
    await ordered(request.id);
    const count = await countOrders();
    const refused = await merge(source, target);
    expect([refused.status, refused.body.issue[0].details.text]).toEqual([
      409,
      expect.stringContaining(`ServiceRequest/${request.id} is open`),
    ]);
    expect((await read(`ServiceRequest/${request.id}`)).subject).toEqual(refer(source));
    expect((await merge(source, target, { preview: true })).status).toBe(409);
    const current = await read(`ServiceRequest/${request.id}`);
    expect((await facet.put({ ...current, status: 'revoked' })).status).toBe(200);
    expect((await merge(source, target)).status).toBe(200);
    expect((await read(`ServiceRequest/${request.id}`)).subject).toEqual(refer(target));
    expect((await read(`Task?focus=ServiceRequest/${request.id}`)).entry[0].resource.for).toEqual(refer(target));
    // the cancellation of the revoked order is an entry of its own
    const topics = await facet.store.database.query<{ topic: string }>("select topic from outbox where topic = 'order'");
    expect(topics).toHaveLength(count);
  });

  test('a request that was never ordered moves without becoming an order', async () => {
    await pair('s14', 't14');
    const count = await countOrders();
    await put('ServiceRequest', 'r14', {
      status: 'active',
      intent: 'order',
      code: { text: 'Physiotherapy' },
      subject: refer('s14'),
    }).expect(201);
    await merge('s14', 't14').expect(200);
    expect([(await read('ServiceRequest/r14')).subject, await countOrders()]).toEqual([refer('t14'), count]);
  });
});

test('more resources than one batch are moved, each once', async () => {
  await pair('s15', 't15');
  for (let at = 0; at < 3; at++) {
    const entry = Array.from({ length: 150 }, () => ({
      resource: { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: refer('s15') },
      request: { method: 'POST', url: 'Observation' },
    }));
    await call('post', '').send({ resourceType: 'Bundle', type: 'transaction', entry }).expect(200);
  }
  expect(textOf((await merge('s15', 't15')).body)).toMatch(/: 450$/);
  const { entry } = await read('Observation?patient=Patient/t15&_count=1000&_elements=status');
  expect([
    entry.length,
    new Set(entry.map(({ resource }: { resource: { meta: { versionId: string } } }) => resource.meta.versionId)),
  ]).toEqual([450, new Set(['2'])]);
});
