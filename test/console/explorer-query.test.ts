// The explorer's pure parts: queries as lines and as parts, capabilities, and which parameter an error is about.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { escapeValue } from '../../src/console/api/fhir.ts';
import { findParameter, listReferrers, readCapabilities } from '../../src/console/views/explorer/query/capabilities.ts';
import { formatPath, parsePath } from '../../src/console/views/explorer/query/parameter-path.ts';
import { findProblemRow } from '../../src/console/views/explorer/query/problem-row.ts';
import { formatQueryLine, isProblem, parseQueryLine, type SearchQuery } from '../../src/console/views/explorer/query/search-query.ts';
import {
  formatPrefixed,
  formatQuantity,
  formatToken,
  joinAlternatives,
  parsePrefixed,
  parseQuantity,
  parseToken,
  splitAlternatives,
  unescapeValue,
} from '../../src/console/views/explorer/query/search-value.ts';
import { LANGUAGES, type Language, writeSample } from '../../src/console/views/explorer/samples/code-samples.ts';

const TYPES = ['Observation', 'Patient'];
const parse = (line: string) => parseQueryLine(line, TYPES);
const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((one) => one.toWellFormed());
const name = text.filter((one) => one !== '');
const parameters = fc.array(fc.tuple(name, text), { maxLength: 6 });

describe('the line of a query', () => {
  test.each([
    ['Patient', { type: 'Patient', parameters: [] }],
    ['Patient?', { type: 'Patient', parameters: [] }],
    [
      'Patient?name=ann&birthdate=ge1990',
      {
        type: 'Patient',
        parameters: [
          ['name', 'ann'],
          ['birthdate', 'ge1990'],
        ],
      },
    ],
    ['GET https://fhir.example/fhir/R4/Patient?name=ann%20lee', { type: 'Patient', parameters: [['name', 'ann lee']] }],
    ['/fhir/R4/Patient/_search?name=a+b', { type: 'Patient', parameters: [['name', 'a b']] }],
    ['Patient?name', { type: 'Patient', parameters: [['name', '']] }],
    [
      'Patient?name=100%&_id=a=b',
      {
        type: 'Patient',
        parameters: [
          ['name', '100%'],
          ['_id', 'a=b'],
        ],
      },
    ],
    ['Patient?name=%zz%C3%A9', { type: 'Patient', parameters: [['name', '%zzé']] }],
  ])('%s is read', (line, query) => expect(parse(line)).toEqual(query));

  test.each([
    ['', 'Begin with a resource type'],
    ['?name=ann', 'Begin with a resource type'],
    ['patient?name=ann', 'Did you mean Patient?'],
    ['Patient/123', 'Patient/123 is another path'],
    ['Medicament?x=1', 'no resource type Medicament'],
    ['Patient?=ann', 'no parameter name'],
  ])('%s is refused with the reason', (line, reason) => expect(parse(line)).toEqual({ problem: expect.stringContaining(reason) }));

  test('what it writes can be read by people, and by a server as a URL', () => {
    const query: SearchQuery = {
      type: 'Observation',
      parameters: [
        ['code', 'http://loinc.org|718-7,4548-4'],
        ['subject:Patient.name', 'Lovelace & Co+'],
      ],
    };
    expect(formatQueryLine(query)).toBe('Observation?code=http://loinc.org|718-7,4548-4&subject:Patient.name=Lovelace%20%26%20Co%2B');
  });

  test('every query is read from the line that it is written as, by this reader and by URLSearchParams', () => {
    fc.assert(
      fc.property(parameters, (pairs) => {
        const line = formatQueryLine({ type: 'Patient', parameters: pairs });
        expect(parse(line)).toEqual({ type: 'Patient', parameters: pairs });
        expect([...new URLSearchParams(line.slice('Patient?'.length))]).toEqual(pairs);
      }),
    );
  });

  test('any text is read as a query, which keeps its meaning when it is written, or refused with a reason', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }).map((rest) => `Patient?${rest}`),
    );
    fc.assert(
      fc.property(line, (written) => {
        const parsed = parse(written);
        if (isProblem(parsed)) expect(parsed.problem).not.toBe('');
        else
          expect(parse(formatQueryLine(parsed))).toEqual({
            ...parsed,
            parameters: parsed.parameters.map((pair) => pair.map((part) => part.toWellFormed())),
          });
      }),
    );
  });
});

describe('the name of a parameter', () => {
  test.each([
    ['name', { steps: [], code: 'name', modifier: '' }],
    ['name:exact', { steps: [], code: 'name', modifier: 'exact' }],
    ['subject:Patient.name:exact', { steps: [{ direction: 'to', code: 'subject', type: 'Patient' }], code: 'name', modifier: 'exact' }],
    [
      'subject.organization.name',
      {
        steps: [
          { direction: 'to', code: 'subject' },
          { direction: 'to', code: 'organization' },
        ],
        code: 'name',
        modifier: '',
      },
    ],
    ['_has:Observation:patient:code', { steps: [{ direction: 'from', type: 'Observation', code: 'patient' }], code: 'code', modifier: '' }],
    [
      '_has:Observation:patient:_has:Provenance:target:agent:Practitioner.name',
      {
        steps: [
          { direction: 'from', type: 'Observation', code: 'patient' },
          { direction: 'from', type: 'Provenance', code: 'target' },
          { direction: 'to', code: 'agent', type: 'Practitioner' },
        ],
        code: 'name',
        modifier: '',
      },
    ],
  ])('%s has these parts, and is written from them', (full, path) => {
    expect(parsePath(full)).toEqual(path);
    expect(formatPath(parsePath(full))).toBe(full);
  });

  test('any name keeps its text', () => {
    const part = fc.constantFrom('_has', 'Patient', 'name', '', 'a-b');
    const separator = fc.constantFrom(':', '.');
    const names = fc.array(fc.tuple(part, separator), { maxLength: 6 }).map((parts) => parts.flat().slice(0, -1).join(''));
    fc.assert(fc.property(names, (full) => expect(parsePath(formatPath(parsePath(full)))).toEqual(parsePath(full))));
  });
});

describe('the value of a parameter', () => {
  test('alternatives are split at commas that are not escaped', () => {
    expect(splitAlternatives('a,b\\,c,d\\\\,e')).toEqual(['a', 'b\\,c', 'd\\\\', 'e']);
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (texts) => {
        const value = joinAlternatives(texts.map(escapeValue));
        expect(splitAlternatives(value).map(unescapeValue)).toEqual(texts);
      }),
    );
  });

  test.each([
    ['ge2020-01-01', { prefix: 'ge', value: '2020-01-01' }],
    ['2020', { prefix: '', value: '2020' }],
  ])('%s has a prefix or none', (value, parts) => {
    expect(parsePrefixed(value)).toEqual(parts);
    expect(formatPrefixed(parts)).toBe(value);
  });

  test('eq is the meaning without a prefix, and is left out', () => expect(formatPrefixed({ prefix: 'eq', value: '5' })).toBe('5'));

  test.each([
    ['male', { code: 'male' }],
    ['|male', { system: '', code: 'male' }],
    ['http://loinc.org|', { system: 'http://loinc.org', code: '' }],
    ['http://loinc.org|718-7', { system: 'http://loinc.org', code: '718-7' }],
    ['a\\|b', { code: 'a|b' }],
  ])('the token %s has these parts', (value, token) => {
    expect(parseToken(value)).toEqual(token);
    expect(formatToken(token)).toBe(value);
  });

  test.each([
    ['gt5.40|http://unitsofmeasure.org|mg', { prefix: 'gt', value: '5.40', system: 'http://unitsofmeasure.org', unit: 'mg' }],
    ['5.4||mg', { prefix: '', value: '5.4', system: '', unit: 'mg' }],
    ['5.4', { prefix: '', value: '5.4', system: '', unit: '' }],
  ])('the quantity %s has these parts', (value, quantity) => {
    expect(parseQuantity(value)).toEqual(quantity);
    expect(formatQuantity(quantity)).toBe(value);
  });
});

describe('capabilities', () => {
  const capabilities = readCapabilities({
    rest: [
      {
        resource: [
          {
            type: 'Patient',
            interaction: [{ code: 'search-type' }],
            searchRevInclude: ['*', 'Observation:*', 'Observation:subject'],
            searchParam: [
              {
                name: 'gender',
                type: 'token',
                extension: [{ url: 'urn:facet:value-set', valueCanonical: 'http://hl7.org/fhir/ValueSet/administrative-gender' }],
              },
            ],
          },
          {
            type: 'Observation',
            interaction: [{ code: 'search-type' }],
            searchInclude: ['*'],
            searchParam: [{ name: 'subject', type: 'reference' }],
          },
          { type: 'Binary', interaction: [{ code: 'read' }] },
        ],
      },
    ],
  });

  test('only types that can be searched are listed', () => expect(capabilities.names).toEqual(['Observation', 'Patient']));
  test('the targets of a reference are the types that list it', () =>
    expect(findParameter(capabilities, 'Observation', 'subject')).toEqual({ code: 'subject', kind: 'reference', targets: ['Patient'] }));
  test('a token knows its value set', () =>
    expect(findParameter(capabilities, 'Patient', 'gender')?.valueSet).toBe('http://hl7.org/fhir/ValueSet/administrative-gender'));
  test('what refers to a type is listed for _has', () =>
    expect(listReferrers(capabilities, 'Patient')).toEqual([{ type: 'Observation', code: 'subject' }]));
});

describe('which parameter an error is about', () => {
  const rows: [string, string][] = [
    ['name', 'ann'],
    ['birthdate', 'x'],
    ['shoesize', '1'],
    ['subject:Patient.foo', 'x'],
    ['_sort', '-height'],
    ['_include', 'Patient:organization'],
  ];
  test.each([
    ['birthdate must be a date', 1],
    ['Patient has no search parameter shoesize. It has name, birthdate', 2],
    ['no served target type of Observation.subject has the search parameter foo', 3],
    ['Patient cannot be sorted by height; it can be sorted by birthdate, name', 4],
    ['Patient cannot include organization', 5],
    ['the search takes too long', undefined],
    ['a rename is no name-part', undefined],
  ])('%s', (problem, row) => expect(findProblemRow(problem, rows)).toBe(row));
});

describe('a query as a program', () => {
  const RUNNERS: Record<Language, (program: string) => [string, string[]]> = {
    curl: (program) => ['bash', ['-c', program]],
    JavaScript: (program) => [process.execPath, ['--input-type=module', '-e', program]],
    Python: (program) => ['python3', ['-c', program]],
  };
  const isInstalled = (command: string): boolean => {
    try {
      execFileSync(command, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  const NEEDED: Record<Language, string> = { curl: 'curl', JavaScript: process.execPath, Python: 'python3' };

  test.each(LANGUAGES)('%s sends the parameters as they are, with the key, in the body of a POST', async (language) => {
    if (!isInstalled(NEEDED[language])) return console.warn(`${language} is not installed here: its sample was not run`);
    const { run, close } = await startRecorder();
    const nasty: [string, string][] = [
      ['name:exact', 'O\'Hara "$HOME" `id` \\ & + é 😀 =,|\n'],
      ['subject:Patient.name', '@/etc/passwd'],
      ['_count', '5'],
    ];
    for (const pairs of [nasty, []]) {
      const received = await run(RUNNERS[language], (base) => writeSample(language, base, { type: 'Patient', parameters: pairs }));
      expect(received).toEqual({ method: 'POST', url: '/fhir/R4/Patient/_search', key: 'Bearer a-key', parameters: pairs });
    }
    await close();
  });

  /** A server that records the request of a program. */
  async function startRecorder() {
    const { execFile } = await import('node:child_process');
    let received: object | undefined;
    const server = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk) => (body += chunk));
      req.on('end', () => {
        received = { method: req.method, url: req.url, key: req.headers.authorization, parameters: [...new URLSearchParams(body)] };
        res.setHeader('Content-Type', 'application/json').end('{"resourceType":"Bundle"}');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir/R4`;
    return {
      async run(runner: (program: string) => [string, string[]], write: (base: string) => string) {
        const [command, args] = runner(write(base));
        await promisify(execFile)(command, args, { cwd: tmpdir(), env: { PATH: process.env.PATH, FACET_KEY: 'a-key' } });
        return received;
      },
      close: () => new Promise((done) => server.close(done)),
    };
  }
});
