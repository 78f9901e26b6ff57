// Who signs an order: its requester, who must be licensed where the patient lives. An order without one goes out without a physician, and so does one that
// a patient, an organization or a device asks for: these sign nothing. https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.requester
// docs/decisions/0023-order-acceptance.md
import { currentOf, isInForce } from '../../fhir/current.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { asciiName } from './ascii-name.ts';
import type { OrderPhysician } from './junction-order.ts';
import { licensedStates } from './licence.ts';
import { linked, type Reference, typeBehind } from './linked.ts';
import { named } from './patient-parts.ts';
import { dayIn } from './us-zone.ts';

const NPI = 'http://hl7.org/fhir/sid/us-npi';
const REQUESTER = 'ServiceRequest.requester';
/** What asks for an order and signs none. */
const OTHERS = new Set(['Organization', 'Patient', 'RelatedPerson', 'Device']);

/** `state`: where the patient lives (USPS code), undefined when that is not known yet. `qualifications`: licence.ts. */
interface Signing {
  state: string | undefined;
  qualifications: string;
}

/** The physician; undefined: none is asked for. Or all that is missing for the requester to sign. */
type Signer = { physician: OrderPhysician | undefined } | { issues: Issue[] };

export async function signerOf(context: Context, request: Resource, signing: Signing): Promise<Signer> {
  const { requester } = request as { requester?: Reference };
  if (requester === undefined || OTHERS.has(typeBehind(request, requester) ?? '')) return { physician: undefined };
  const practitioner = await practitionerOf(context, request, requester);
  if (!practitioner) return { issues: [lacks('a requester that is a Practitioner of this server, or a role of one, in practice', [])] };
  return signed(practitioner, signing, context.clock());
}

const lacks = (what: string, elements: string[]): Issue => issue('business-rule', `an order needs ${what}`, [REQUESTER, ...elements]);

function signed(practitioner: Resource, { state, qualifications }: Signing, now: Date): Signer {
  const states = licensedStates(practitioner, { today: dayIn(state ?? '', now), qualifications });
  const at = now.toISOString();
  const [firstName, lastName] = (['given[0]', 'family'] as const).map((part) => asciiName(named(practitioner, part, at)[0]?.[1] ?? ''));
  const npi = npiOf(practitioner, at);
  const issues = [
    ...(npi ? [] : [lacks('the NPI of its requester (Practitioner.identifier)', ['Practitioner.identifier'])]),
    ...(firstName && lastName
      ? []
      : [lacks("its requester's first and last name in Latin letters (Practitioner.name)", ['Practitioner.name'])]),
    ...(state === undefined || states.includes(state) ? [] : [lacks(LICENSED, ['Practitioner.qualification'])]),
  ];
  return issues.length ? { issues } : { physician: { firstName: firstName!, lastName: lastName!, npi: npi!, states } };
}

const LICENSED = "a requester who is licensed in the state of the patient's address (Practitioner.qualification)";

/** The current US national provider identifier. */
export const npiOf = ({ identifier = [] }: Resource, now: string): string | undefined =>
  currentOf(identifier as { system?: string; value?: string }[], 'Identifier', now).find(({ system }) => system === NPI)?.value;

/** The requester, or the practitioner of the current role that is the requester; contained or stored. One who is no longer in practice is none. */
async function practitionerOf(context: Context, request: Resource, requester: Reference): Promise<Resource | undefined> {
  const first = await linked(context, request, requester);
  const isRole = first?.resourceType === 'PractitionerRole' && first.active !== false && isInForce(first, context.clock().toISOString());
  const found = isRole ? await linked(context, request, first.practitioner) : first;
  return found?.resourceType === 'Practitioner' && found.active !== false ? found : undefined;
}
