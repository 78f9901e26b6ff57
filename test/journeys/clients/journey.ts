// The journey that every FHIR client library takes, as a table of steps. A step runs for each library that offers what it needs.
import type { Listening } from '../listening.ts';
import { type Bundle, type ClientUnderTest, listResources, type NewResource, type Refusal } from './client-under-test.ts';

interface Clients {
  client: CompleteClient;
  /** The same library with the key of another tenant. */
  other: ClientUnderTest;
  /** The same library with a key that the server does not know. */
  stranger: ClientUnderTest;
}
/** A client with every function. */
type CompleteClient = { [name in keyof ClientUnderTest]: NonNullable<ClientUnderTest[name]> };

interface Step {
  title: string;
  needs: (keyof ClientUnderTest)[];
  run(clients: Clients): Promise<void>;
}

const ADA = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10' };
const INVALID = { ...ADA, gender: 'f' };
const HEIGHT = { resourceType: 'Observation', status: 'final', code: { text: 'height' } };
const MRN = 'urn:example:mrn';
const URN = 'urn:uuid:6f1c2c5e-2f0e-4d3a-9a55-0d9c3f1f9a01';

/** Patients of this family, the youngest last. */
async function createFamily({ create }: Pick<ClientUnderTest, 'create'>, family: string, size: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < size; n++) ids.push((await create({ ...ADA, name: [{ family }], birthDate: `19${10 + n}-01-01` })).id);
  return ids;
}

const identified = (value: string): NewResource => ({ ...ADA, identifier: [{ system: MRN, value }] });
const countOf = async ({ search }: ClientUnderTest, parameters: Record<string, string>) =>
  listResources(await search('Patient', parameters)).length;
const statusesOf = ({ entry = [] }: Bundle): string[] => entry.map(({ response }) => response!.status.slice(0, 3));

/** Expects that a call is refused in this way. What the client does not report is not compared. */
async function expectRefusal(client: ClientUnderTest, call: Promise<unknown>, expected: Required<Refusal>): Promise<void> {
  const answer = await call.then(
    () => 'it was not refused',
    (error: unknown) => ({ ...expected, ...client.readRefusal(error) }),
  );
  expect(answer).toEqual(expected);
}

const STEPS: Step[] = [
  {
    // https://hl7.org/fhir/R4/http.html#capabilities
    title: 'the CapabilityStatement states the version of FHIR',
    needs: ['metadata'],
    async run({ stranger, client }) {
      const statement = { resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' };
      expect(await client.metadata()).toMatchObject(statement);
      expect(await stranger.metadata!()).toMatchObject(statement);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#create
    title: 'a resource is created, and read as the create returned it',
    needs: [],
    async run({ client }) {
      const created = await client.create(ADA);
      expect(created).toMatchObject({ ...ADA, meta: { versionId: '1' } });
      expect(await client.read('Patient', created.id)).toEqual(created);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#update
    title: 'an update makes a new version; an update with an id that is not there creates',
    needs: [],
    async run({ client }) {
      const created = await client.create(ADA);
      const updated = await client.update({ ...created, active: true });
      expect(updated).toMatchObject({ id: created.id, active: true, meta: { versionId: '2' } });
      expect(await client.read('Patient', created.id)).toEqual(updated);
      const named = await client.update({ ...ADA, id: 'ada', meta: { versionId: '1' } });
      expect([named.id, named.meta.versionId]).toEqual(['ada', '1']);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#concurrency
    title: 'an update of the current version succeeds; an update of an outdated version is refused and changes nothing',
    needs: ['updateIfUnchanged'],
    async run({ client }) {
      const created = await client.create(ADA);
      const updated = await client.updateIfUnchanged({ ...created, active: true });
      expect(updated.meta.versionId).toBe('2');
      await expectRefusal(client, client.updateIfUnchanged({ ...created, active: false }), { status: 412, code: 'conflict' });
      expect(await client.read('Patient', created.id)).toEqual(updated);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#ccreate
    title: 'a conditional create creates once',
    needs: ['createOnce'],
    async run({ client }) {
      const criteria = { identifier: `${MRN}|once` };
      const first = await client.createOnce(identified('once'), criteria);
      expect((await client.createOnce(identified('once'), criteria)).id).toBe(first.id);
      expect(await countOf(client, criteria)).toBe(1);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#cond-update
    title: 'a conditional update creates, and then updates what it created',
    needs: ['updateMatching'],
    async run({ client }) {
      const criteria = { identifier: `${MRN}|matching` };
      const created = await client.updateMatching(identified('matching'), criteria);
      const updated = await client.updateMatching({ ...identified('matching'), active: true }, criteria);
      expect(updated).toMatchObject({ id: created.id, active: true, meta: { versionId: '2' } });
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#vread
    title: 'each version is read as it was',
    needs: ['vread'],
    async run({ client }) {
      const first = await client.create(ADA);
      const second = await client.update({ ...first, active: true });
      expect(await client.vread('Patient', first.id, '1')).toEqual(first);
      expect(await client.vread('Patient', first.id, '2')).toEqual(second);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#patch
    title: 'a JSON Patch changes a resource; a patch whose test fails changes nothing',
    needs: ['patch'],
    async run({ client }) {
      const { id } = await client.create(ADA);
      const change = { op: 'replace', path: '/birthDate', value: '1815-12-10' } as const;
      const patched = await client.patch('Patient', id, [{ op: 'test', path: '/birthDate', value: ADA.birthDate }, change]);
      expect(patched).toMatchObject({ birthDate: '1815-12-10', meta: { versionId: '2' } });
      const failing = client.patch('Patient', id, [{ op: 'test', path: '/birthDate', value: ADA.birthDate }, change]);
      await expectRefusal(client, failing, { status: 422, code: 'business-rule' });
      expect(await client.read('Patient', id)).toEqual(patched);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#search
    title: 'a search finds the matches of its parameters, sorted, with the total that it asked for',
    needs: [],
    async run({ client, other }) {
      const ids = await createFamily(client, 'Somerville', 3);
      const parameters = { family: 'somer', birthdate: 'ge1911', _sort: '-birthdate', _total: 'accurate' };
      const found = await client.search('Patient', parameters);
      expect(found).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 2 });
      expect(listResources(found).map(({ id }) => id)).toEqual([ids[2], ids[1]]);
      expect((await other.search('Patient', { family: 'somer' })).total).toBe(0);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#paging
    title: 'the pages of a search have each match once, in order',
    needs: ['searchPages'],
    async run({ client }) {
      const ids = await createFamily(client, 'Babbage', 7);
      const pages = await client.searchPages('Patient', { family: 'babbage', _sort: 'birthdate', _count: '3' });
      expect(pages.map((page) => page.map(({ id }) => id))).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
    },
  },
  {
    // https://hl7.org/fhir/R4/search.html#include
    title: 'a search includes what its matches refer to',
    needs: [],
    async run({ client }) {
      const { id } = await client.create(ADA);
      await client.create({ ...HEIGHT, subject: { reference: `Patient/${id}` } });
      const { entry = [] } = await client.search('Observation', { subject: `Patient/${id}`, _include: 'Observation:subject' });
      expect(entry.map(({ resource, search }) => [search!.mode, resource!.resourceType])).toEqual([
        ['match', 'Observation'],
        ['include', 'Patient'],
      ]);
      expect(entry[1]!.resource!.id).toBe(id);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#history
    title: 'a history has each version and the deletion, the newest first',
    needs: ['history'],
    async run({ client }) {
      const created = await client.create(ADA);
      await client.update({ ...created, active: true });
      await client.delete('Patient', created.id);
      const history = await client.history('Patient', created.id);
      expect(history).toMatchObject({ type: 'history', total: 3 });
      expect(history.entry!.map(({ request, resource }) => [request!.method, resource?.meta.versionId])).toEqual([
        ['DELETE', undefined],
        ['PUT', '2'],
        ['POST', '1'],
      ]);
    },
  },
  {
    title: 'the pages of a history have each version once, the newest first',
    needs: ['historyPages'],
    async run({ client }) {
      let latest = await client.create(ADA);
      for (let n = 1; n < 5; n++) latest = await client.update({ ...latest, multipleBirthInteger: n });
      expect(await client.historyPages('Patient', latest.id, 2)).toEqual([['5', '4'], ['3', '2'], ['1']]);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#trules
    title: 'a transaction creates resources that refer to each other, and reads them',
    needs: ['transaction'],
    async run({ client }) {
      const answer = await client.transaction([
        { method: 'POST', url: 'Observation', resource: { ...HEIGHT, subject: { reference: URN } } },
        { method: 'POST', url: '/Patient', resource: identified('transaction'), fullUrl: URN },
        { method: 'GET', url: `Patient?identifier=${MRN}|transaction` },
      ]);
      expect(answer.type).toBe('transaction-response');
      expect(statusesOf(answer)).toEqual(['201', '201', '200']);
      const [observation, patient, found] = listResources(answer);
      expect(observation!.subject).toEqual({ reference: `Patient/${patient!.id}` });
      // the assertion: the entry searches, so its resource is a Bundle
      expect(listResources(found as unknown as Bundle)).toEqual([patient]);
    },
  },
  {
    title: 'a transaction with an invalid entry is refused and stores nothing',
    needs: ['transaction'],
    async run({ client }) {
      const entries = [identified('rolled-back'), INVALID].map((resource) => ({ method: 'POST', url: 'Patient', resource }) as const);
      await expectRefusal(client, client.transaction(entries), { status: 400, code: 'code-invalid' });
      expect(await countOf(client, { identifier: `${MRN}|rolled-back` })).toBe(0);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#brules
    title: 'each entry of a batch succeeds or fails by itself',
    needs: ['batch'],
    async run({ client }) {
      const stored = await client.create(ADA);
      const answer = await client.batch([
        { method: 'GET', url: `Patient/${stored.id}` },
        { method: 'GET', url: 'Patient/nobody' },
        { method: 'POST', url: 'Patient', resource: INVALID },
        { method: 'POST', url: 'Patient', resource: identified('batch') },
      ]);
      expect(answer.type).toBe('batch-response');
      expect(statusesOf(answer)).toEqual(['200', '404', '400', '201']);
      expect(answer.entry![0]!.resource).toEqual(stored);
      expect(answer.entry![2]!.response!.outcome!.issue[0]).toMatchObject({ code: 'code-invalid', severity: 'error' });
      expect(await countOf(client, { identifier: `${MRN}|batch` })).toBe(1);
    },
  },
  {
    // https://hl7.org/fhir/R4/resource-operation-validate.html
    title: '$validate reports the faults of a resource and stores nothing',
    needs: ['validate'],
    async run({ client }) {
      const [valid, invalid] = [await client.validate(identified('validated')), await client.validate(INVALID)];
      expect(valid.issue.map(({ severity }) => severity)).toEqual(['information']);
      expect(invalid.issue).toMatchObject([{ severity: 'error', code: 'code-invalid', expression: ['Patient.gender'] }]);
      expect(await countOf(client, { identifier: `${MRN}|validated` })).toBe(0);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#delete
    title: 'a deleted resource is gone, and not found by searches; a second deletion succeeds',
    needs: [],
    async run({ client }) {
      const { id } = await client.create(identified('deleted'));
      await client.delete('Patient', id);
      await expectRefusal(client, client.read('Patient', id), { status: 410, code: 'deleted' });
      expect(await countOf(client, { identifier: `${MRN}|deleted` })).toBe(0);
      await client.delete('Patient', id);
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#mime-type
    title: 'a resource that is created in XML is read in JSON',
    needs: ['createInXml'],
    async run({ client }) {
      const identifier = `<identifier><system value="${MRN}"/><value value="xml"/></identifier>`;
      await client.createInXml('Patient', `<Patient xmlns="http://hl7.org/fhir">${identifier}<birthDate value="1985-12-10"/></Patient>`);
      const [found] = listResources(await client.search('Patient', { identifier: `${MRN}|xml` }));
      expect(found).toMatchObject({ birthDate: '1985-12-10', meta: { versionId: '1' } });
    },
  },
  {
    title: 'a resource that is created in JSON is read in XML',
    needs: ['readInXml'],
    async run({ client }) {
      const { id } = await client.create(ADA);
      const xml = await client.readInXml('Patient', id);
      expect(xml).toContain(`<Patient xmlns="http://hl7.org/fhir"><id value="${id}"/>`);
      expect(xml).toContain('<name><family value="Lovelace"/><given value="Ada"/></name><birthDate value="1985-12-10"/></Patient>');
    },
  },
  {
    // https://hl7.org/fhir/R4/http.html#Status-Codes
    title: 'a refusal reaches the client with its status and the code of its issue',
    needs: [],
    async run({ client, other, stranger }) {
      const { id } = await client.create(ADA);
      await expectRefusal(client, client.read('Patient', 'nobody'), { status: 404, code: 'not-found' });
      await expectRefusal(client, client.create(INVALID), { status: 400, code: 'code-invalid' });
      await expectRefusal(client, client.search('Patient', { colour: 'blue' }), { status: 400, code: 'not-supported' });
      await expectRefusal(other, other.read('Patient', id), { status: 404, code: 'not-found' });
      await expectRefusal(stranger, stranger.read('Patient', id), { status: 401, code: 'login' });
    },
  },
];

/**
 * Declares a test for each step that the library offers.
 * `connect`: a client that sends its requests with this key to the base URL of the FHIR API. `server`: the running server, once the tests run.
 */
export function testJourney(connect: (baseUrl: string, key: string) => ClientUnderTest, server: () => Listening): void {
  // nothing is sent here: only which functions the library offers is read
  const offered = connect('http://localhost/fhir/R4', 'unused');
  const steps = STEPS.filter(({ needs }) => needs.every((name) => offered[name] !== undefined));
  for (const { title, run } of steps)
    test(title, async () => {
      const { url, demo, other } = server();
      const as = (key: string): ClientUnderTest => connect(`${url}/fhir/R4`, key);
      // the assertion: the client has each function that the step needs
      await run({ client: as(demo.fhir!) as CompleteClient, other: as(other.fhir!), stranger: as('nobody') });
    });
}
