// `facet mapping` as an integration analyst uses it: new, check, explain, try and types.
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run as program } from '../../src/cli/program.ts';
import { facet, killAll, launchIn, type Said } from './server-process.ts';

let place: string;
beforeAll(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'facet-mapping-')));
  cpSync('mappings', join(place, 'mappings'), { recursive: true });
  writeFileSync(join(place, 'sample.json'), JSON.stringify(SAMPLE));
});
afterAll(async () => {
  await killAll();
  rmSync(place, { recursive: true });
});

const SAMPLE = {
  customers: [
    {
      id: 'c_1',
      firstName: 'Ada',
      lastName: 'Lovelace',
      sex: 'F',
      dateOfBirth: '12/10/1985',
      homeAddress: { street: '1 Main St', city: 'Albany', floor: 3 },
      loyaltyTier: 'gold',
      isActive: true,
    },
  ],
};

/** Runs a command in this process, which is quicker than in one of its own; that it is the same is the first test's business. */
async function run(...args: string[]): Promise<Said> {
  const output = { log: [] as string[], error: [] as string[] };
  const { log, error } = console;
  Object.assign(console, { log: (text: string) => output.log.push(`${text}\n`), error: (text: string) => output.error.push(`${text}\n`) });
  try {
    await program(['mapping', ...args, '--mappings', join(place, 'mappings')]);
    return { code: Number(process.exitCode ?? 0), stdout: output.log.join(''), stderr: output.error.join('') };
  } finally {
    Object.assign(console, { log, error });
    process.exitCode = undefined;
  }
}
const mapping = (name: string): string => join(place, 'mappings', name);

/** Changes a file while something is asked. */
async function changed<T>(name: string, [from, to]: [string, string], ask: () => Promise<T>): Promise<T> {
  const text = readFileSync(mapping(name), 'utf8');
  writeFileSync(mapping(name), text.replace(from, to));
  const answer = await ask();
  writeFileSync(mapping(name), text);
  return answer;
}

test('check accepts the mappings of this project with their examples', async () => {
  const { code, stdout, stderr } = await facet({}, 'mapping', 'check', 'loop/patient');
  expect(stdout).toMatch(/^loop\/patient +Patient +\d+ +\d+ +\d+$/m);
  expect(stdout).toContain('No mistakes: all examples and laws pass, and the examples are complete.');
  expect([code, stderr]).toEqual([0, '']);
  const { code: missing, stderr: unknown } = await facet({}, 'mapping', 'check', 'loop/patien');
  expect([missing, unknown]).toEqual([
    1,
    expect.stringMatching(/^facet: there is no mapping loop\/patien \(did you mean loop\/patient\?\); there are /),
  ]);
});

/** As in a production install, which does not contain the second FHIRPath engine. */
const WITHOUT_ENGINE = `data:text/javascript,${encodeURIComponent(`import { registerHooks } from 'node:module';
registerHooks({ resolve(name, context, next) {
  if (name === '@medplum/core') throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(name, context);
} });`)}`;
const runWithoutEngine = async (...args: string[]) => {
  const started = launchIn(process.cwd(), {}, [process.execPath, '--import', WITHOUT_ENGINE, 'bin/facet.js', 'mapping', ...args]);
  return { ended: await started.ended, text: started.lines.join('\n') };
};

test('without the second FHIRPath engine the mappings are checked and tried by the other laws, and a note names the command that installs it', async () => {
  const version = JSON.parse(readFileSync('package.json', 'utf8')).devDependencies['@medplum/core'];
  const note = `not compared with a second FHIRPath engine. To compare them: npm install --no-save @medplum/core@${version}`;
  const checked = await runWithoutEngine('check', 'loop/patient');
  expect([checked.ended.code, checked.text]).toEqual([0, expect.stringContaining(note)]);
  expect(checked.text).toContain('No mistakes: all examples and laws pass');
  writeFileSync(join(place, 'ada.json'), JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Lovelace' }] }));
  const tried = await runWithoutEngine('try', 'loop/patient', join(place, 'ada.json'));
  expect([tried.ended.code, tried.text]).toEqual([0, expect.stringContaining(note)]);
});

test('the commands use the folder of the server (FACET_MAPPINGS); --mappings names another', async () => {
  const folder = join(place, 'others');
  cpSync(join('docs', 'example-vendor'), folder, { recursive: true });
  const env = { FACET_MAPPINGS: folder };
  const { stdout } = await facet(env, 'mapping', 'check', '--quick');
  expect(stdout).toMatch(/^openmrs\/person /m);
  expect(stdout).not.toContain('loop/');
  const begun = await facet(env, 'mapping', 'new', 'acme/customer', join(place, 'sample.json'));
  expect([begun.code, begun.stdout]).toEqual([0, expect.stringContaining(`wrote ${join(folder, 'acme', 'customer.yaml')}`)]);
  expect(existsSync(join(folder, 'acme', 'surface.yaml'))).toBe(true);
  const empty = { FACET_MAPPINGS: join(place, 'first') };
  expect((await facet(empty, 'mapping', 'check')).stderr).toMatch(
    /there is no folder .*first: "facet mapping new" creates it, or name another one with FACET_MAPPINGS\n$/,
  );
  expect(await facet(empty, 'mapping', 'new', 'acme/customer', 'nowhere.json')).toMatchObject({
    stderr: 'facet: there is no file nowhere.json\n',
  });
  expect(await facet(empty, 'mapping', 'new', 'acme/customer', join(place, 'sample.json'))).toMatchObject({ code: 0 });
  expect((await facet(env, 'mapping', 'check', 'loop/patient', '--quick', '--mappings', 'mappings')).stdout).toMatch(/^loop\/patient /m);
});

test('a file that is not read is reported as a mistake', async () => {
  cpSync(mapping('loop/patient.yaml'), mapping('loop/customer.yml'));
  const output = await run('check', 'loop/customer');
  rmSync(mapping('loop/customer.yml'));
  expect([output.code, output.stdout]).toEqual([
    1,
    expect.stringMatching(/customer\.yml:1\n {4}only files that end in \.yaml are read: name it customer\.yaml\n\n1 mistake\n$/),
  ]);
});

test('a mistake is reported with file, line, field and remedy, and an exit code', async () => {
  const output = await changed('loop/patient.yaml', ['fhir: birthDate', 'fhir: birthdate'], () => run('check', 'loop'));
  expect([output.code, output.stderr]).toEqual([1, '']);
  expect(output.stdout).toMatch(
    /patient\.yaml:\d+ {2}fields\.date_of_birth\n {4}Patient has no element birthdate \(did you mean birthDate\?\)\n\n1 mistake\n$/,
  );
});

test('a valid mapping with wrong content is found by its examples', async () => {
  const output = await changed('loop/patient.yaml', ["telecom.where(system='phone')", "telecom.where(system='fax')"], () =>
    run('check', 'loop/patient'),
  );
  expect([output.code, output.stderr]).toEqual([1, '']);
  expect(output.stdout).toMatch(
    /patient\.examples\.yaml:\d+\n {4}every field; [^[]*\bthe\s+resource\.telecom\[1\]\.system is "fax", not "phone"/,
  );
});

test('a mistake in an example is reported with the example', async () => {
  const file = 'clinik/organization.examples.yaml';
  const tryExample = async (example: string): Promise<string> => {
    const more = [/$/, `\n${example}\n`] as unknown as [string, string];
    return (await changed(file, more, () => run('check', 'clinik/organization'))).stdout.replaceAll(/\s+/g, ' ');
  };
  expect(await tryExample('- { title: odd, requset: { name: A } }')).toContain(
    'odd: requset: no word of an example (did you mean request?)',
  );
  expect(await tryExample('- { refuse: { name: 7 }, field: name }')).toContain('it has no title: write title: with what the example shows');
  expect(await tryExample('- { title: odd, refuse: { name: A }, field: name }')).toContain(
    'odd: the body is taken, and name should be refused',
  );
  expect(await tryExample('- { title: odd, refuse: { name: 7 } }')).toContain(
    'odd: the refusal says "name must be a string": write field: name',
  );
  expect(await tryExample('- { title: odd, request: { name: A } }')).toContain(
    'odd: it must say the id that the server gives: assigned: { id: 0190b3c2-0000-7000-8000-000000000001 }',
  );
  const typo = '- { title: odd, request: { name: A, emial: a@b.example }, assigned: { id: x }, response: { name: B } }';
  expect(await tryExample(typo)).toContain('odd: request: emial is no field (did you mean email?)');
  expect(await tryExample(typo)).toContain('odd: the response.name is "A", not "B"');
});

test('explain shows which keys may use a patient’s own endpoint', async () => {
  const { stdout } = await run('explain', 'loop/researcher-acknowledgement');
  expect(stdout).toContain('Only keys that are restricted to a patient may use it.');
  expect((await run('explain', 'loop/patient')).stdout).not.toContain('restricted to a patient');
});

test('explain shows each field with its path, search parameter and index; filters; and losses', async () => {
  const { stdout } = await run('explain', 'clinik/practitioner-role');
  expect(stdout).toMatch(/^practitionerId +practitioner\.reference +practitioner +sx_ref_value$/m);
  expect(stdout).toMatch(/^specialty +specialty-name:contains=\{\} +sx_string_infix$/m);
  expect(stdout).toMatch(/^Not shown of a PractitionerRole, and kept\n +identifier, healthcareService, endpoint$/m);
  expect(stdout).toMatch(/^ {2}availableStartTime +with seconds, which are shown only where they are not 00$/m);
});

test('explain shows the path of a list of objects, and the fields of its members', async () => {
  const { stdout } = await run('explain', 'clinik/patient');
  expect(stdout).toMatch(/^contact {10,}contact {10,}\S/m);
  expect(stdout).toMatch(/^contact\[\]\.lastName +contact\.name\.family *$/m);
  expect(stdout).toMatch(/^contact\[\]\.address\.city +contact\.address\.city *$/m);
});

test('new creates a shape and a vendor from a sample, and the result works at once', async () => {
  const begun = await run('new', 'acme/customer', join(place, 'sample.json'));
  expect([begun.stderr, begun.code]).toEqual(['', 0]);
  expect(begun.stdout).toContain('a Patient; 7 of 9 properties have a path');
  expect(begun.stdout).toContain('without a path: homeAddress.floor, loyaltyTier');
  const body = join(place, 'body.json');
  writeFileSync(body, '{"firstName":"Ada","sex":"F","homeAddress":{"street":"1 Main St"},"shoeSize":42}');
  const tried = await run('try', 'acme/customer', body);
  expect(tried.stdout).toMatch(/^Left out, as nothing describes it: shoeSize$/m);
  expect(tried.stdout).toContain('"gender": "female"');
  expect(tried.stdout).toContain('It is valid R4.');
  expect((await run('new', 'acme/customer', join(place, 'sample.json'))).stderr).toMatch(/customer\.yaml is there already\n$/);
  const { code, stdout } = await run('check', 'acme');
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/fields\.sex\.enum\n {4}no example is refused by enum alone: add one with refuse: and field:/),
  ]);
});

test('a scaffold accepts its own sample: with its date format, vendor-only objects, and no path twice', async () => {
  const sample = {
    name: { first: 'Ada', last: 'Lovelace' },
    contact: { email: 'ada@example.com', phone: '1', fax: '2', room: 3 },
    mobile: '1',
    dob: '10-12-1985',
    language: 7,
  };
  writeFileSync(join(place, 'nested.json'), JSON.stringify(sample));
  const { code, stdout } = await run('new', 'acme/guest', join(place, 'nested.json'));
  expect([code, stdout]).toEqual([0, expect.stringContaining('without a path: contact.room, mobile, language')]);
  const text = readFileSync(mapping('acme/guest.yaml'), 'utf8');
  expect(text).toContain('as: date(DD-MM-YYYY)');
  expect((await run('check', 'acme/guest')).stdout).not.toContain('the request is refused');
  const tried = await run('try', 'acme/guest', join(place, 'nested.json'));
  expect([tried.code, tried.stdout]).toEqual([
    0,
    expect.stringMatching(/^Left out, as nothing describes them: contact\.room, mobile, language\n/),
  ]);
  expect(tried.stdout).toContain('"birthDate": "1985-12-10"');
});

test('for a sample without known fields the resource must be named, and nothing is written', async () => {
  for (const sample of [
    { a: 1, b: 'x' },
    { id: '1', a: 1 },
  ]) {
    writeFileSync(join(place, 'thing.json'), JSON.stringify(sample));
    expect(await run('new', 'nothing/thing', join(place, 'thing.json'))).toEqual({
      code: 1,
      stdout: '',
      stderr: 'facet: nothing in the sample says which FHIR resource it is: name one, --resource Observation\n',
    });
    expect(existsSync(mapping('nothing'))).toBe(false);
  }
  const named = await run('new', 'nothing/thing', join(place, 'thing.json'), '--resource', 'Observation');
  expect(named.stdout).toContain('an Observation; 1 of 2 properties have a path');
  rmSync(mapping('nothing'), { recursive: true });
});

test('a scaffold does not map an object about another person, and keeps an ambiguous date as text with a note', async () => {
  const sample = {
    last_name: 'Lovelace',
    date_of_birth: '10/12/1985',
    emergency_contact: { name: 'Bo Lee', phone: '1' },
    usual_doctor: { name: 'Dr Lee' },
    contact: { name: 'Bo Lee', email: 'bo@example.com' },
    profile: { first_name: 'Ada' },
  };
  writeFileSync(join(place, 'others.json'), JSON.stringify(sample));
  const { stdout } = await run('new', 'acme/resident', join(place, 'others.json'));
  expect(stdout).toContain('without a path: emergency_contact, usual_doctor, contact\n');
  const text = readFileSync(mapping('acme/resident.yaml'), 'utf8');
  expect(text).toMatch(
    /date_of_birth: +\{ fhir: birthDate, as: date\(MM\/DD\/YYYY\) \} +# or date\(DD\/MM\/YYYY\)\? the sample could be either$/m,
  );
  expect(text).toMatch(/profile: +\{ at: \$this, fields: \{ first_name: /);
  const tried = await run('try', 'acme/resident', join(place, 'others.json'));
  expect(tried.stdout).toMatch(/"birthDate": "1985-10-12".*"date_of_birth": "10\/12\/1985"/s);
});

test('try names ignored keys, also in objects and lists, and read-only fields', async () => {
  const body = { id: 'x', firstName: 'Ada', lastName: 'L', address: { line: ['1'], tower: 2 }, contact: [{ shoe: 1 }] };
  writeFileSync(join(place, 'inner.json'), JSON.stringify(body));
  const { stdout } = await run('try', 'clinik/patient', join(place, 'inner.json'));
  expect(stdout).toMatch(/^Left out, as nothing describes them: address\.tower, contact\.shoe\nLeft out, as only answers have it: id\n\n/);
});

test('try shows why a body is refused, and shows a FHIR resource as the vendor’s view', async () => {
  writeFileSync(join(place, 'wrong.json'), '{"brand_id":"loop","first_name":7}');
  const refused = await run('try', 'loop/patient', join(place, 'wrong.json'));
  expect([refused.code, refused.stdout]).toEqual([1, 'The request is refused\n  last_name is required\n  first_name must be a string\n']);
  writeFileSync(
    join(place, 'fhir.json'),
    '{"resourceType":"Patient","id":"p","name":[{"given":["Ada"],"family":"Lovelace"}],"birthDate":"1985-12-10"}',
  );
  const visible = await run('try', 'loop/patient', join(place, 'fhir.json'));
  expect([visible.code, visible.stdout]).toEqual([0, expect.stringContaining('"date_of_birth": "1985-12-10"')]);
});

test('try processes each item of a batch', async () => {
  const value = { name: 'TSH', value: 9, unit: 'mIU/L', reference_high: 4.5, collected_at: '2026-01-05T08:30:00Z' };
  const biomarkers = [
    { ...value, code: 'tsh' },
    { ...value, code: 'ft4', value: 1 },
  ];
  const body = { patient_id: '0190b3c2-0000-7000-8000-0000000000aa', brand_id: 'loop', source: 'upload', biomarkers };
  writeFileSync(join(place, 'several.json'), JSON.stringify(body));
  const { code, stdout } = await run('try', 'loop/biomarker', join(place, 'several.json'));
  expect([code, stdout.match(/It is valid R4\./g)]).toEqual([0, ['It is valid R4.', 'It is valid R4.']]);
  expect(stdout.match(/"status": "(?:high|normal)"/g)).toEqual(['"status": "high"', '"status": "normal"']);
});

test('explain shows the search parameter of a field, and no composite parameter of the whole resource', async () => {
  const { stdout } = await run('explain', 'loop/biomarker');
  expect(stdout).toMatch(/^name +code\.text +code, combo-code/m);
  expect(stdout).not.toMatch(/^source .*code-value/m);
});

test('types prints the types of the named shapes', async () => {
  const { stdout } = await run('types', 'jump');
  expect(stdout).toMatch(/^export interface JumpClinicianProfile \{$/m);
  expect(stdout).not.toContain('LoopPatient');
});

test.each([
  ['check', 'nobody'],
  ['explain', 'loop/patients'],
  ['explain', 'loop'],
  ['new', 'Acme'],
  ['try', 'loop/patient', 'nothing.json'],
])('the error of "facet mapping %s %s" is one sentence', async (...args) => {
  expect(await run(...args)).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^facet: [^\n]{10,}\n$/) });
});

test('no output is wider than a hundred columns, and output without a terminal has no colours', async () => {
  for (const command of [
    ['explain', 'loop/physician'],
    ['explain', 'jump/clinician-profile'],
    ['check', '--quick'],
  ]) {
    const { stdout } = await run(...command);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(stdout).not.toContain('\u001b');
  }
});
