// One resource and all its faces in a real browser: lineage, editing with previews, conflicts, history, references, narrative; two tenants.

import { inChromium } from '../journeys/chromium.ts';
import { until } from '../until.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const ADA = '0190b3c2-0000-7000-8000-00000000000a';
const GRACE = '0190b3c2-0000-7000-8000-00000000000b';
const SECRET = 'Hidden-Of-The-Other-Tenant';
const PATIENT = {
  resourceType: 'Patient',
  id: ADA,
  text: {
    status: 'generated',
    div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Ada <b>Lovelace</b></p><img src="https://elsewhere.test/a.png" alt="portrait"/></div>',
  },
  name: [{ family: 'Lovelace', given: ['Ada'] }],
  telecom: [
    { system: 'phone', value: '+12125550001' },
    { system: 'email', value: 'ada@example.com' },
  ],
  gender: 'female',
  birthDate: '1985-12-10',
  maritalStatus: { text: 'married' },
  generalPractitioner: [{ reference: `Practitioner/${GRACE}` }],
};
const PRACTITIONER = { resourceType: 'Practitioner', id: GRACE, name: [{ family: 'Hopper', given: ['Grace'] }] };
const OBSERVATIONS = ['1.00', '2.50'].map((value, at) => ({
  resourceType: 'Observation',
  id: `weight-${at}`,
  status: 'final',
  code: { text: 'Body weight' },
  subject: { reference: `Patient/${ADA}` },
  valueQuantity: { value: Number(value), unit: 'kg' },
}));

inChromium('faces', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    const { facet } = opened;
    for (const resource of [PRACTITIONER, PATIENT, ...OBSERVATIONS]) await facet.put(resource).expect(201);
    await facet.put({ resourceType: 'Patient', id: 'theirs', name: [{ family: SECRET }] }, facet.other.fhir).expect(201);
    await opened.signIn();
  });
  afterAll(() => opened.close());

  const row = (column: string, path: string, text = ''): string =>
    `[role=tree][aria-label^="${column}"] [role=treeitem][data-path="${path}"]${text && `:has-text('${text}')`}`;
  const litRows = (kind = 'shows'): Promise<string[]> =>
    opened.page.evaluate(
      `[...document.querySelectorAll('.json-row.${kind}')].map((row) => row.closest('[role=tree]').ariaLabel + ' > ' + row.dataset.path)`,
    );
  const inspected = (): Promise<string> => opened.page.evaluate(`document.querySelector('.inspector').innerText`);
  const readActiveLine = (): Promise<string> =>
    opened.page.evaluate(`document.querySelector('.code-host').shadowRoot.querySelector('.cm-activeLine')?.textContent ?? ''`);
  /** Types another line in place of the first one with a text. */
  async function replaceLine(text: string, line: string): Promise<void> {
    const { page } = opened;
    // lines move while the editor measures those that are wrapped
    await until(async () => {
      await page.click(`.cm-line:has-text('${text}')`);
      return (await readActiveLine()).includes(text) || undefined;
    });
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.type(line);
  }
  const openEditor = async (face: string): Promise<void> => {
    await opened.go(`/Patient/${ADA}?edit=${encodeURIComponent(face)}`);
    await opened.page.waitForSelector('.cm-content');
  };
  /** Leaves the editor; the browser would ask before it left the page. */
  const cancel = (): Promise<void> => opened.page.click('button:has-text("Cancel")');
  const readPatient = async () => (await opened.facet.fhir('get', `/Patient/${ADA}`)).body;

  test('pointing at an element lights the fields of every vendor that show it', async () => {
    const { page } = opened;
    await opened.go(`/Patient/${ADA}`);
    await page.waitForSelector('.json-row');
    await page.hover(row('FHIR', 'name[0].given[0]'));
    await page.waitForSelector('.inspector:has-text("is shown by")');
    expect(await litRows()).toEqual([
      'FHIR resource > name[0].given[0]',
      'Loop: patient > first_name',
      'ClinikEHR: patient > fullName',
      'ClinikEHR: patient > firstName',
      'JumpEHR: patient > first_name',
    ]);
  });

  test('focus on a field lights what it is read from, what decides, and names the line of the mapping', async () => {
    const { page } = opened;
    await page.evaluate(`document.querySelector('[role=tree][aria-label^="JumpEHR"] [role=treeitem][tabindex="0"]').focus()`);
    while (!(await inspected()).includes('JumpEHR phone')) await page.keyboard.press('ArrowDown');
    expect(await inspected()).toMatch(/jump\/patient\.yaml:\d+[\s\S]*telecom\.where\(system='phone'/);
    expect((await litRows()).slice(0, 1)).toEqual(['FHIR resource > telecom[0].value']);
    expect(await litRows('decides')).toContain('FHIR resource > telecom[0].system');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.pinned');
    expect(await opened.findViolations()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.pinned', { state: 'detached' });
  });

  test('the vendors that show an element are found by its name, and what no face shows is told', async () => {
    const { page } = opened;
    await opened.go(`/Patient/${ADA}`);
    await page.waitForSelector('.inspector:has-text("Shown by no face")');
    expect(await inspected()).toContain('text');
    await page.fill('.element-finder input', 'Patient.maritalStatus');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.inspector:has-text("maritalStatus is shown by one field")');
    expect(await inspected()).toContain('ClinikEHR');
    await page.fill('.element-finder input', 'nothing.like.it');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.finder-note:has-text("no such element")');
  });

  test('an edit of a vendor’s face is previewed in all faces, saved through its API, and can be taken back', async () => {
    const { page } = opened;
    const { versionId } = (await readPatient()).meta;
    await openEditor('jump/patient');
    await replaceLine('"first_name"', '"first_name": "Augusta",');
    await page.waitForSelector('.change-group:has-text("FHIR"):has-text("name[0].given[0]")');
    expect(await page.textContent('.preview-pane')).toMatch(
      /Loop[\s\S]*first_name[\s\S]*ClinikEHR[\s\S]*fullName[\s\S]*JumpEHR[\s\S]*edited here/,
    );
    expect(await page.textContent('.write-note')).toContain(`PATCH /jump/patients/${ADA}`);
    expect(await opened.findViolations()).toEqual([]);
    expect((await readPatient()).meta.versionId).toBe(versionId);
    await page.click('button:has-text("Save")');
    await page.waitForSelector('.toast:has-text("Saved version")');
    expect((await readPatient()).name).toEqual([{ family: 'Lovelace', given: ['Augusta'] }]);
    await page.waitForSelector(row('Loop', 'first_name', 'Augusta'));
    await page.click('.toast button:has-text("Undo")');
    await page.waitForSelector(row('Loop', 'first_name', 'Ada'));
    expect((await readPatient()).name).toEqual(PATIENT.name);
  });

  test('a problem is shown with its line before anything is saved, for text that is not JSON, too', async () => {
    const { page } = opened;
    await openEditor('clinik/patient');
    await replaceLine('"birthDate"', '"birthDate": "soon",');
    await page.waitForSelector('.problems:has-text("birthDate")');
    expect(await page.textContent('.problems button')).toMatch(/^Line \d+ birthDate$/);
    expect(await page.evaluate(`document.querySelector('.editor-bar .primary').ariaDisabled`)).toBe('true');
    expect(await opened.findViolations()).toEqual([]);
    await page.click('.problems button');
    expect(await readActiveLine()).toContain('"soon"');
    await replaceLine('"birthDate"', '"birthDate": soon,');
    await page.waitForSelector('.problems:has-text("not JSON")');
    await cancel();
    await openEditor('fhir');
    await replaceLine('"gender"', '"gender": "lady",');
    await page.waitForSelector('.problems:has-text("gender"):has-text("one of these codes")');
    await cancel();
  });

  test('a conflict is shown in three ways, and the merge keeps both', async () => {
    const { page, facet } = opened;
    await openEditor('jump/patient');
    await replaceLine('"first_name"', '"first_name": "Adele",');
    await page.waitForSelector('.change-group');
    const { meta: _, ...current } = await readPatient();
    await facet.put({ ...current, gender: 'other', name: [{ family: 'King', given: ['Augusta'] }] }).expect(200);
    await page.click('button:has-text("Save")');
    await page.waitForSelector('h2:has-text("Somebody else saved")');
    expect(await page.textContent('.three-ways')).toMatch(/Mine[\s\S]*Adele[\s\S]*Theirs[\s\S]*King[\s\S]*Merged[\s\S]*Adele/);
    expect(await page.evaluate(`[...document.querySelectorAll('.conflict-choice legend')].map((one) => one.textContent)`)).toEqual([
      'first_name',
    ]);
    expect(await opened.findViolations()).toEqual([]);
    await page.click('button:has-text("Go on with the merged version")');
    await page.waitForSelector('.write-note');
    await page.click('button:has-text("Save")');
    await page.waitForSelector('.toast:has-text("Saved version")');
    expect(await readPatient()).toMatchObject({ gender: 'other', name: [{ family: 'King', given: ['Adele'] }] });
  });

  test('references lead in and out, by the keyboard, too', async () => {
    const { page } = opened;
    await opened.go(`/Patient/${ADA}/references`);
    await page.waitForSelector('.reference-graph');
    const names = await page.evaluate<string[]>(`[...document.querySelectorAll('.reference-graph a')].map((one) => one.textContent)`);
    expect(names.sort()).toEqual([
      'Observation · subjectweight-0',
      'Observation · subjectweight-1',
      `Practitioner · generalPractitioner${GRACE}`,
    ]);
    expect(await opened.findViolations()).toEqual([]);
    await page.evaluate(`document.querySelector('.reference-graph a[href*=Practitioner]').focus()`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("Practitioner")');
    expect(new URL(page.url()).pathname).toBe(`/console/Practitioner/${GRACE}`);
  });

  test('the narrative is shown without what would be loaded from elsewhere', async () => {
    const { page } = opened;
    await opened.go(`/Patient/${ADA}`);
    await page.waitForSelector('.narrative');
    expect(await page.evaluate(`document.querySelector('.narrative').innerHTML`)).toBe('<p>Ada <b>Lovelace</b></p>[image: portrait]');
  });

  test('one face at a time fits 400 px, with tabs', async () => {
    const { page } = opened;
    await page.setViewportSize({ width: 400, height: 800 });
    await page.waitForSelector('[role=tab]:has-text("JumpEHR")');
    await page.click(row('FHIR', 'birthDate'));
    await page.waitForSelector('[role=tab]:has-text("JumpEHR") .count');
    await page.click('.chip:has-text("JumpEHR")');
    await page.waitForSelector(`${row('JumpEHR', 'date_of_birth')}.shows`);
    expect(await page.evaluate('document.documentElement.scrollWidth <= 400')).toBe(true);
    expect(await opened.findViolations()).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('the history shows versions as differences, with who and through which API, and compares any two', async () => {
    const { page, facet } = opened;
    const key = await facet.keyWith('fhir', ['*', 'system/AuditEvent.rs']);
    const isAudited = async () => (await facet.fhir('get', `/AuditEvent?entity=Patient/${ADA}&action=U`, key)).body.entry?.length >= 4;
    await until(async () => (await isAudited()) || undefined);
    await opened.signOut();
    await page.fill('input[type=password]', key);
    await page.click('button:has-text("Sign in with a key")');
    await page.waitForSelector('nav.side', { state: 'attached' });
    await opened.go(`/Patient/${ADA}/history`);
    await page.waitForSelector('.version');
    const versions = await page.evaluate<string[]>(`[...document.querySelectorAll('.version header')].map((one) => one.innerText)`);
    expect(versions).toHaveLength(5);
    expect(versions[0]).toMatch(/Version 5[\s\S]*PATCH[\s\S]*JumpEHR[\s\S]*by key-/);
    expect(versions[4]).toMatch(/Version 1[\s\S]*PUT[\s\S]*FHIR R4[\s\S]*by key-/);
    expect(await page.textContent('.version:first-child .diff')).toMatch(/name\[0\]\.given\[0\][\s\S]*Augusta[\s\S]*Adele/);
    await page.selectOption('select[aria-label="From version"]', '1');
    await page.selectOption('select[aria-label="To version"]', '2');
    await page.waitForSelector('.diff[aria-label="From version 1 to 2"]');
    expect(await page.textContent('.diff[aria-label="From version 1 to 2"]')).toMatch(/given\[0\][\s\S]*Ada[\s\S]*Augusta/);
    expect(new URL(page.url()).search).toBe('?from=1&to=2');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('a resource of the other tenant does not exist, and nothing of it is in any response', async () => {
    const { page } = opened;
    await opened.go('/Patient/theirs');
    await page.waitForSelector('[role=alert]:has-text("404")');
    expect(await page.textContent('#content')).not.toContain(SECRET);
    expect(await opened.readTraffic()).not.toContain(SECRET);
  });

  test('the page has no errors but those of refused requests, asks no other origin, and stores nothing', async () => {
    expect(opened.listFaults(/status of (?:401|404|409|412)/)).toEqual([]);
    expect(await opened.page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);
  });
});
