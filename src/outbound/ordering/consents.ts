// What the patient has consented to, in the network's words; it may be asked for where the network's own physicians order.
// https://hl7.org/fhir/R4/consent.html
import type { Resource } from '../../fhir/types.ts';
import { type Said, wrong } from './said.ts';

/** The words the network has. */
export const WORDS = new Set([
  'terms-of-use',
  'telehealth-informed-consent',
  'mobile-terms-and-conditions',
  'notice-of-privacy-practices',
  'privacy-policy',
  'hipaa-authorization',
]);
const INSTANT = /T.*(Z|[+-]\d\d:\d\d)$/;

export interface GivenConsent {
  type: string;
  /** With its zone. */
  time: string;
}

interface Concept {
  coding?: { system?: string; code?: string }[];
}
interface Provision {
  type?: string;
  period?: { start?: string; end?: string };
  code?: Concept[];
}

/** `at`: what leads to it in the request; `system`: of the network's words; `now`: for its period. */
export function givenConsents(consent: Resource, { at, system, now }: { at: string; system: string; now: Date }): Said<GivenConsent[]> {
  const { type, period, code = [] } = (consent.provision ?? {}) as Provision;
  if (consent.status !== 'active') return wrong('a consent of an order must be active', at, 'Consent.status');
  if (type === 'deny') return wrong('a consent of an order must permit', at, 'Consent.provision.type');
  if (!covers(period, now)) return wrong('a consent of an order must be in force', at, 'Consent.provision.period');
  const concepts = [...((consent.category ?? []) as Concept[]), ...code];
  const codes = concepts.flatMap(({ coding = [] }) => coding.flatMap((one) => (one.system === system && one.code ? one.code : [])));
  if (!codes.length || !codes.every((one) => WORDS.has(one)))
    return wrong(`a consent of an order is one of ${[...WORDS].join(', ')} (of ${system})`, at, 'Consent.category');
  const time = consent.dateTime;
  if (typeof time !== 'string' || !INSTANT.test(time))
    return wrong('a consent of an order says when it was given, to the second and with its zone', at, 'Consent.dateTime');
  return { says: [...new Set(codes)].map((one) => ({ type: one, time })) };
}

/** Of any precision: a day covers all of it. */
function covers(period: Provision['period'], now: Date): boolean {
  const today = now.toISOString();
  const { start = '', end } = period ?? {};
  return start.slice(0, 10) <= today.slice(0, 10) && !(end !== undefined && end.slice(0, 10) < today.slice(0, Math.min(end.length, 10)));
}
