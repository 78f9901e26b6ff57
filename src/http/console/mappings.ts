// GET /console/api/mappings…: what the vendors' shapes are. Mappings hold no data of a tenant, so the FHIR API's credential opens all of them, whatever its scopes are,
// and a surface's key those of its surface.
import { forbidden, notFound } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { ConsoleHandler } from './console-call.ts';

const mayRead = ({ surface: own }: Caller, surface: string): boolean => own === 'fhir' || own === surface;

/** Refuses (403) a surface's key for the mappings of another one. */
function authorizeSurface(caller: Caller, surface: string): void {
  if (!mayRead(caller, surface)) throw forbidden(`this API key opens the ${caller.surface} API only`);
}

/** The surfaces that the caller may read, each with its shapes. */
export const handleSurfaces: ConsoleHandler = async ({ context: { caller }, mappings }) => ({
  surfaces: mappings.surfaces.filter(({ name }) => mayRead(caller, name)).map(({ name }) => mappings.explainSurface(name)),
});

export const handleSurface: ConsoleHandler = async ({ context: { caller }, mappings, path: { surface = '' } }) => {
  authorizeSurface(caller, surface);
  const explained = mappings.explainSurface(surface);
  if (!explained) throw notFound(`there is no surface of this name; there are ${mappings.surfaces.map(({ name }) => name).join(', ')}`);
  return explained;
};

export const handleShape: ConsoleHandler = async ({ context: { caller }, mappings, path: { surface = '', shape = '' } }) => {
  authorizeSurface(caller, surface);
  const explained = mappings.explainShape(surface, shape);
  if (!explained) throw notFound('this surface has no shape of this name: GET /console/api/mappings lists them');
  return explained;
};
