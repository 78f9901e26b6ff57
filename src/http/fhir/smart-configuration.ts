// The SMART configuration over HTTP: public wherever an issuer of access tokens is configured, 404 otherwise.
// https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#using-well-known
import type { Request, Response } from 'express';
import { methodNotAllowed, notFound } from '../../fhir/outcome.ts';

export const SMART_CONFIGURATION_PATH = '/.well-known/smart-configuration';

/** The response is application/json, whatever Accept says, as SMART demands. `read`: absent if no issuer is configured. */
export async function sendSmartConfiguration(read: (() => Promise<object>) | undefined, req: Request, res: Response): Promise<void> {
  if (read === undefined) throw notFound('no issuer of access tokens is configured: API keys open this server');
  if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD']);
  res.status(200).json(await read());
}
