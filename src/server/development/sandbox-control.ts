// The client of the sandbox's own API, for the administration of a development server. The sandbox may run in another process of this machine.
import { isObject, tryParseJson } from '../../fhir/json-values.ts';
import { invalid, unavailable } from '../../fhir/outcome.ts';
import type { SandboxControl } from '../../http/admin/sandbox.ts';

const TIMEOUT_MS = 5000;

/** `findUrl`: the address of the sandbox; undefined until it has started. */
export const createSandboxControl = (findUrl: () => string | undefined): SandboxControl => ({
  async readOrder(id) {
    const { status, body } = await send(findUrl(), `/orders/${encodeURIComponent(id)}`);
    if (status !== 200) return undefined;
    const { status: current, steps } = body;
    return { id, status: String(current), steps: Array.isArray(steps) ? steps.map(String) : [] };
  },
  async stepOrder(id, fields) {
    const { status, body } = await send(findUrl(), `/orders/${encodeURIComponent(id)}/step`, fields);
    if (status !== 200) throw invalid(typeof body.detail === 'string' ? body.detail : 'the sandbox refuses this step');
  },
});

async function send(url: string | undefined, path: string, fields?: object): Promise<{ status: number; body: Record<string, unknown> }> {
  if (url === undefined) throw unavailable('the sandbox is starting', 1);
  const request = { signal: AbortSignal.timeout(TIMEOUT_MS), ...(fields && { method: 'POST', body: JSON.stringify(fields) }) };
  const response = await fetch(`${url}/sandbox${path}`, request).catch(() => {
    throw unavailable('the sandbox does not answer: restart the server', 5);
  });
  const body = tryParseJson(await response.text());
  return { status: response.status, body: isObject(body) ? body : {} };
}
