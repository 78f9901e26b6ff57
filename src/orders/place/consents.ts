// What the patient has consented to, in the network's words; it may be asked for where the network's own physicians order.
// https://hl7.org/fhir/R4/consent.html
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

/** The words the network has. */
export const CONSENT_TYPES = new Set([
  'terms-of-use',
  'telehealth-informed-consent',
  'mobile-terms-and-conditions',
  'notice-of-privacy-practices',
  'privacy-policy',
  'hipaa-authorization',
]);
const INSTANT_WITH_ZONE = /T.*(Z|[+-]\d\d:\d\d)$/;

export interface OrderConsent {
  type: string;
  /** With its zone. */
  time: string;
}

interface Concept {
  coding?: { system?: string; code?: string }[];
}
interface Provision {
  type?: string;
  provision?: Provision[];
  period?: { start?: string; end?: string };
  code?: Concept[];
}

/** `at`: what leads to it in the request; `system`: of the network's words; `now`: for its period. */
export function parseConsents(
  consent: Resource,
  { at, system, now }: { at: string; system: string; now: Date },
): ValidationResult<OrderConsent[]> {
  const provision = toTyped('Consent', consent).provision ?? {};
  const { period, code = [] } = provision;
  if (consent.status !== 'active') return invalid('a consent of an order must be active', at, 'Consent.status');
  if (isDenied(provision)) return invalid('a consent of an order must permit, without exception', at, 'Consent.provision.type');
  if (!isPeriodCurrent(period, now)) return invalid('a consent of an order must be in force', at, 'Consent.provision.period');
  const concepts = [...(toTyped('Consent', consent).category ?? []), ...code];
  const codes = concepts.flatMap(({ coding = [] }) => coding.flatMap((one) => (one.system === system && one.code ? one.code : [])));
  if (!codes.length || !codes.every((one) => CONSENT_TYPES.has(one)))
    return invalid(`a consent of an order is one of ${[...CONSENT_TYPES].join(', ')} (of ${system})`, at, 'Consent.category');
  const time = consent.dateTime;
  if (typeof time !== 'string' || !INSTANT_WITH_ZONE.test(time))
    return invalid('a consent of an order says when it was given, to the second and with its zone', at, 'Consent.dateTime');
  return { value: [...new Set(codes)].map((one) => ({ type: one, time })) };
}

/** In part, too: the network is told of no exceptions. */
const isDenied = ({ type, provision = [] }: Provision): boolean => type === 'deny' || provision.some(isDenied);

/** Of any precision: a day covers all of it. */
function isPeriodCurrent(period: Provision['period'], now: Date): boolean {
  const today = now.toISOString();
  const { start = '', end } = period ?? {};
  return start.slice(0, 10) <= today.slice(0, 10) && !(end !== undefined && end.slice(0, 10) < today.slice(0, Math.min(end.length, 10)));
}
