// Two tenants in one real browser: one after the other, and in two tabs.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const ORDER = { resourceType: 'ServiceRequest', id: 'same', status: 'draft', intent: 'order' };
const PATIENT = { resourceType: 'Patient', id: 'person', name: [{ family: 'Lovelace' }] };

inChromium('two tenants in one browser', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    const { facet } = opened;
    for (const [key, text] of [
      [facet.demo.fhir!, 'Ferritin'],
      [facet.other.fhir!, 'Lipid panel'],
    ] as const) {
      await facet.put(PATIENT, key).expect(201);
      await facet.put({ ...ORDER, subject: { reference: 'Patient/person' }, code: { text } }, key).expect(201);
    }
  });
  afterAll(() => opened.close());

  test('a resource with the same id and version as one of the tenant before is the own one', async () => {
    const { page } = opened;
    await opened.signIn('demo');
    await opened.go('/orders/same');
    await page.waitForSelector('#content :has-text("Ferritin")');
    await opened.signOut();
    await opened.signIn('other');
    await page.waitForSelector('#content :has-text("Lipid panel")');
    expect(await page.textContent('body')).not.toContain('Ferritin');
  });

  test('the page had no fault', () => {
    expect(opened.listFaults()).toEqual([]);
  });
});
