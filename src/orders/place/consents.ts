// The patient's consents, as the lab network's codes. The network may require them for orders that its own physicians sign.
// https://hl7.org/fhir/R4/consent.html
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

/** The lab network's types of consent. */
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
  /** ISO 8601 with a time zone. */
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

/** `at`: the path of the reference in the request. `system`: the code system of the lab network's types. `now`: decides whether the period is current. */
export function parseConsents(
  consent: Resource,
  { at, system, now }: { at: string; system: string; now: Date },
): ValidationResult<OrderConsent[]> {
  const provision = toTyped('Consent', consent).provision ?? {};
  const { period, code = [] } = provision;
  if (consent.status !== 'active') return invalid('a consent of an order must be active', at, 'Consent.status');
  if (isDenied(provision)) return invalid('a consent of an order must not contain a deny provision', at, 'Consent.provision.type');
  if (!isPeriodCurrent(period, now))
    return invalid('the period of a consent of an order must include today', at, 'Consent.provision.period');
  const concepts = [...(toTyped('Consent', consent).category ?? []), ...code];
  const codes = concepts.flatMap(({ coding = [] }) => coding.flatMap((item) => (item.system === system && item.code ? item.code : [])));
  if (!codes.length || !codes.every((code) => CONSENT_TYPES.has(code)))
    return invalid(`a consent of an order must be one of ${[...CONSENT_TYPES].join(', ')} (system ${system})`, at, 'Consent.category');
  const time = consent.dateTime;
  if (typeof time !== 'string' || !INSTANT_WITH_ZONE.test(time))
    return invalid('a consent of an order needs a dateTime with seconds and a time zone', at, 'Consent.dateTime');
  return { value: [...new Set(codes)].map((type) => ({ type, time })) };
}

/** A partial denial counts, too: exceptions cannot be sent to the lab network. */
const isDenied = ({ type, provision = [] }: Provision): boolean => type === 'deny' || provision.some(isDenied);

/** Dates of any precision: an end without a day includes the whole month or year. */
function isPeriodCurrent(period: Provision['period'], now: Date): boolean {
  const today = now.toISOString();
  const { start = '', end } = period ?? {};
  return start.slice(0, 10) <= today.slice(0, 10) && !(end !== undefined && end.slice(0, 10) < today.slice(0, Math.min(end.length, 10)));
}
