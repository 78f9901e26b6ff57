// Opens the console of a server that sends its orders to a sandbox, with a patient for whom tests can be ordered.
import type { Sandbox } from '../../src/junction-sandbox/server.ts';
import { orderable } from '../journeys/people.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

export const PATIENT = '01936b00-0000-7000-8000-0000000000ab';
/** An entry of the catalogue. */
export const PANEL = {
  resourceType: 'ActivityDefinition',
  id: 'panel',
  status: 'active',
  kind: 'ServiceRequest',
  title: 'Thyroid panel',
  code: { coding: [{ system: 'https://loop.health/fhir/CodeSystem/lab-panel', code: 'hashimotos' }] },
};

/** `networkUrl`: where the server reaches the sandbox. The tenant `demo` has a key for the administration. Close both in `afterAll`. */
export async function openOrders(sandbox: Sandbox, networkUrl = sandbox.url): Promise<OpenConsole> {
  const opened = await openConsole({
    JUNCTION_API_KEY: sandbox.apiKey,
    JUNCTION_BASE_URL: networkUrl,
    JUNCTION_TEAM_ID: sandbox.teamId,
    JUNCTION_WEBHOOK_SECRET: sandbox.state.webhooks.secret,
  });
  const { facet } = opened;
  sandbox.state.webhooks.url = `${facet.url}/v1/webhooks/junction`;
  facet.demo.admin = await facet.keyWith('admin', []);
  await facet.put({ ...orderable(PATIENT), resourceType: 'Patient' }).expect(201);
  return opened;
}
