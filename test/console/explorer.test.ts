// The explorer in a real browser: a search by form and by line, its result as table, Bundle, program and plan, with the keyboard, for two tenants.
import { inChromium } from '../journeys/chromium.ts';
import { until } from '../until.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

inChromium('the explorer', () => {
  const LINE = '.query-text textarea';
  const STATUS = '.page-bar [role=status]';
  let opened: OpenConsole;
  const urls: string[] = [];
  beforeAll(async () => {
    opened = await openConsole();
    opened.page.on('request', (request) => void urls.push(request.url()));
    await createResources(opened);
    await signInWith(await opened.facet.keyWith('fhir', ['*', 'admin']));
  });
  afterAll(() => opened.close());

  async function signInWith(key: string): Promise<void> {
    await opened.page.fill('input[type=password]', key);
    await opened.page.click('button:has-text("Sign in with a key")');
    await opened.page.waitForSelector('nav.side', { state: 'attached' });
  }

  /** Opens a type by a link of the page itself, so that the page is not loaded anew. */
  async function open(type: string): Promise<void> {
    await opened.page.click('nav.side a:has-text("Explorer")');
    await opened.page.click(`.type-links a:has-text("${type}")`);
    await opened.page.waitForSelector(STATUS);
  }

  async function run(line: string): Promise<void> {
    await opened.page.fill(LINE, line);
    await opened.page.keyboard.press('Enter');
  }

  const waitForTotal = (text: string) => opened.page.waitForSelector(`${STATUS}:has-text("${text}")`);
  /** The line follows the form a frame later. */
  const waitForLine = (text: string) =>
    until(
      () => opened.page.inputValue(LINE),
      (line) => line === text,
    );
  const readColumn = (at: number) =>
    opened.page.evaluate<string[]>(`[...document.querySelectorAll('tbody tr')].map((row) => row.children[${at}].textContent)`);

  test('the types that have resources come first, and no view has a violation, light and dark', async () => {
    await opened.go('/explorer');
    await opened.page.waitForSelector('.type-links.prominent a:has-text("Observation")');
    const used = await opened.page.evaluate<string[]>(
      "[...document.querySelectorAll('.type-links.prominent a')].map((link) => link.textContent)",
    );
    expect(used).toEqual(expect.arrayContaining(['Observation', 'Patient']));
    expect(used).not.toContain('Coverage');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('a type opens with its resources; the query is a line that can be edited, and the form follows it', async () => {
    const { page } = opened;
    await open('Observation');
    await waitForTotal('20 matches on this page, and there are more. The total is not counted.');
    expect(await opened.findViolations()).toEqual([]);
    await run('GET /fhir/R4/Observation?status=amended&value-quantity=gt4.20&_sort=-date');
    await waitForTotal('5 matches, all on this page');
    expect(await page.inputValue('.criterion input')).toBe('status');
    expect(await page.inputValue('.criterion >> nth=1 >> select.prefix')).toBe('gt');
    expect(await page.textContent('.chip code')).toBe('date');
    expect(await readColumn(4)).toEqual(['2024-01-01', '2023-01-01', '2022-01-01', '2021-01-01', '2020-01-01']);
    expect((await readColumn(5))[0]).toBe('4.50 mmol/L');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('with the keyboard alone: a condition on a referring resource’s patient, step by step, with a code of the value set', async () => {
    const { page } = opened;
    await open('Patient');
    await page.click('button:has-text("Add a condition")');
    await page.keyboard.type('← Observation');
    await page.waitForSelector('[role=option]:has-text("← Observation")');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.step:text-is("← Observation")');
    await page.keyboard.type('subject');
    await page.waitForSelector('[role=option]:has-text("subject")');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.step:has-text("← Observation.subject")');
    await page.keyboard.type('status');
    await page.waitForSelector('[role=option] >> text=status');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('amen');
    await page.waitForSelector('[role=option]:has-text("Amended")');
    expect(await opened.findViolations()).toEqual([]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await waitForLine('Patient?_has:Observation:subject:status=amended');
    await page.keyboard.press('Enter');
    await waitForTotal('1 match, all on this page');
    expect(await readColumn(0)).toEqual(['explorer-ada']);
  });

  test('a chain is built by choices alone: a reference, the type to which it is followed, twice, and a parameter with its value', async () => {
    const { page } = opened;
    const choose = async (label: string, option: string): Promise<void> => {
      await page.click(`.path-input input[aria-label="${label}"]`);
      await page.click(`.path-input [role=option]:has(span:first-child:text-is("${option}"))`);
    };
    await open('Observation');
    await page.fill(LINE, 'Observation');
    await page.click('button:has-text("Add a condition")');
    await choose('Parameter of Observation', 'subject');
    await choose('Follow subject to a type', '→ Patient');
    // what is chosen next has the focus
    await page.waitForSelector('.path-input input[aria-label="Parameter of Patient"]:focus');
    await page.waitForSelector('.criterion-note:has-text("Choose a parameter. Without one it is not in the query: subject:Patient.")');
    expect(await page.isVisible('.criterion .alternative')).toBe(false);
    expect(await opened.findViolations()).toEqual([]);
    await choose('Parameter of Patient', 'organization');
    await choose('Follow organization to a type', '→ Organization');
    await choose('Parameter of Organization', 'name');
    await page.waitForSelector(
      '.criterion-note:has-text("Without a value it is not in the query: subject:Patient.organization:Organization.name")',
    );
    expect(await page.evaluate('[...document.querySelectorAll(".step")].map((step) => step.textContent)')).toEqual([
      'subject → Patient',
      'organization → Organization',
    ]);
    await page.fill('.alternative input', 'Analytical');
    await waitForLine('Observation?subject:Patient.organization:Organization.name=Analytical');
    await page.keyboard.press('Enter');
    await waitForTotal('5 matches, all on this page');
    expect(new Set(await readColumn(3))).toEqual(new Set(['Patient/explorer-ada']));
    await page.click('.step:has-text("subject")');
    await page.waitForSelector('.path-input input[aria-label="Parameter of Observation"]:focus');
  });

  test('a reference is found by the name of the resource', async () => {
    const { page } = opened;
    await open('Observation');
    await page.fill(LINE, 'Observation?patient=');
    await page.click('.alternative .combobox input');
    await page.keyboard.type('Hop');
    await page.waitForSelector('[role=option]:has-text("Grace Hopper")');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await waitForTotal('20 matches on this page');
    await waitForLine('Observation?patient=Patient/explorer-grace');
    expect(new Set(await readColumn(3))).toEqual(new Set(['Patient/explorer-grace']));
  });

  test('pages turn by the links of the Bundle, and a total is counted when it is asked for', async () => {
    const { page } = opened;
    await open('Observation');
    await run('Observation?_sort=date&_count=10');
    await waitForTotal('10 matches on this page');
    const first = await readColumn(0);
    await page.click('button:has-text("Next")');
    await page.waitForSelector(`tbody tr:first-child:not(:has-text("${first[0]}"))`);
    const second = await readColumn(0);
    expect(second.filter((id) => first.includes(id))).toEqual([]);
    await page.click('button:has-text("Previous")');
    await page.waitForSelector(`tbody tr:first-child:has-text("${first[0]}")`);
    await page.click('button:has-text("First")');
    await page.click('button:has-text("Count")');
    await waitForTotal('10 matches on this page, of 30');
    await waitForLine('Observation?_sort=date&_count=10&_total=accurate');
  });

  test('what refers to the matches comes along, columns are chosen, and a row leads to the resource', async () => {
    const { page } = opened;
    await open('Patient');
    await run('Patient?family=lovelace&_revinclude=Observation:subject');
    await page.waitForSelector('h2:has-text("Brought along (5)")');
    await page.click('button:has-text("Columns (")');
    expect(await opened.findViolations()).toEqual([]);
    await page.fill('input[aria-label="Path of another column"]', 'name.family');
    await page.keyboard.press('Enter');
    await page.waitForSelector('th:has-text("name.family")');
    expect(await page.evaluate('[...document.querySelectorAll("tbody tr")][0].lastElementChild.textContent')).toBe('Lovelace');
    await page.click('tbody a');
    expect(new URL(page.url()).pathname).toBe('/console/Patient/explorer-ada');
    await page.goBack();
    await waitForTotal('1 match, all on this page');
    await waitForLine('Patient?family=lovelace&_revinclude=Observation:subject');
    await page.waitForSelector('th:has-text("name.family")');
  });

  test('the Bundle is shown as it was sent; programs name the query; the plan is a table of steps and costs', async () => {
    const { page } = opened;
    await open('Observation');
    await run('Observation?status=amended&_count=5');
    await waitForTotal('5 matches');
    await page.click('[role=tab]:has-text("Bundle")');
    expect(await page.textContent('.json-text')).toContain('"value": 4.50');
    await page.click('[role=tab]:has-text("As code")');
    for (const [language, text] of [
      ['curl', "--data-urlencode 'status=amended'"],
      ['JavaScript', '["status", "amended"]'],
      ['Python', '("status", "amended")'],
    ] as const) {
      await page.click(`.samples button:has-text("${language}")`);
      expect(await page.textContent('.sample')).toContain(text);
      expect(await page.textContent('.sample')).toContain(`${opened.facet.url}/fhir/R4/Observation/_search`);
    }
    expect(await opened.findViolations()).toEqual([]);
    await page.click('[role=tab]:has-text("Plan and cost")');
    await page.waitForSelector('.plan-step');
    expect(Number(await page.textContent('.plan tbody tr td:nth-child(2)'))).toBeGreaterThan(0);
    expect(await page.textContent('.plan details pre')).toContain('select');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('an error stands at the condition that it is about, and a line that is no search says what it lacks', async () => {
    const { page } = opened;
    await open('Patient');
    await run('Patient?name=a&birthdate=yesterday');
    await page.waitForSelector('.criterion >> nth=1 >> .problem:has-text("birthdate")');
    expect(await page.isVisible('.criterion >> nth=0 >> .problem')).toBe(false);
    expect(await opened.findViolations()).toEqual([]);
    await page.fill(LINE, 'Pateint?name=a');
    await page.waitForSelector('.query-line .problem:has-text("no resource type Pateint")');
    await run('Patient?name=nobody-has-this-name');
    await page.waitForSelector('.empty-state:has-text("Nothing meets all conditions")');
    await run('Observation?status=amended');
    await page.waitForSelector('.criterion');
    expect(new URL(page.url()).pathname).toBe('/console/explorer/Observation');
  });

  test('a narrow screen does not scroll sideways', async () => {
    await opened.page.setViewportSize({ width: 400, height: 800 });
    await opened.go('/explorer/Observation');
    await run('Observation?subject:Patient.name=ada&date=ge2019&value-quantity=gt4.2||mmol/L&_include=Observation:subject');
    await waitForTotal('5 matches');
    const fits = await opened.page.evaluate('document.documentElement.scrollWidth <= innerWidth');
    const violations = await opened.findViolations();
    await opened.page.setViewportSize({ width: 1280, height: 800 });
    expect([fits, violations]).toEqual([true, []]);
  });

  test('another tenant finds nothing of the first, and keeps no search of it; without the scope admin there is no plan', async () => {
    await opened.signOut();
    await opened.signIn('other');
    const before = (await opened.readTraffic()).length;
    await open('Patient');
    await waitForLine('Patient');
    await run('Patient?name=lovelace');
    await opened.page.waitForSelector('.empty-state');
    expect((await opened.readTraffic()).slice(before)).not.toContain('explorer-ada');
    await opened.signOut();
    await signInWith(await opened.facet.keyWith('fhir', ['system/Patient.rs']));
    await open('Patient');
    expect(await opened.page.isVisible('[role=tab]:has-text("Plan and cost")')).toBe(false);
  });

  test('no parameter of a search was in a URL, nothing was stored, and the page had no error', async () => {
    // the overview asks for the newest versions
    const searched = urls.filter((url) => new URL(url).search !== '' && !/\$expand\?url=http|\/_history\?_count=\d+$/.test(url));
    expect(searched).toEqual([]);
    expect(await opened.page.evaluate('[localStorage.length, sessionStorage.length]')).toEqual([0, 0]);
    expect(opened.listFaults(/status of 40[01]/)).toEqual([]);
  });
});

/** Two patients and 30 observations. */
async function createResources({ facet }: OpenConsole): Promise<void> {
  const put = async (resource: { resourceType: string; id: string; [element: string]: unknown }): Promise<void> =>
    void (await facet.put(resource).expect(201));
  await put({ resourceType: 'Organization', id: 'explorer-clinic', name: 'Analytical Clinic' });
  const ada = { name: [{ given: ['Ada'], family: 'Lovelace' }], birthDate: '1815-12-10' };
  await put({ resourceType: 'Patient', id: 'explorer-ada', ...ada, managingOrganization: { reference: 'Organization/explorer-clinic' } });
  await put({ resourceType: 'Patient', id: 'explorer-grace', name: [{ given: ['Grace'], family: 'Hopper' }], birthDate: '1906-12-09' });
  for (let at = 0; at < 30; at++) {
    const isAda = at < 5;
    const text = JSON.stringify({
      resourceType: 'Observation',
      id: `explorer-${at}`,
      status: isAda ? 'amended' : 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }], text: 'Potassium' },
      subject: { reference: `Patient/explorer-${isAda ? 'ada' : 'grace'}` },
      effectiveDateTime: `${isAda ? 2020 + at : 1990 + at}-01-01`,
      valueQuantity: { value: 0, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
    });
    // a decimal with a zero at its end
    await facet.fhir('put', `/Observation/explorer-${at}`).send(text.replace('"value":0', '"value":4.50')).expect(201);
  }
}
