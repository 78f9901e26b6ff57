// What a Subscription's channel says: where messages go, what is in them and which headers they carry; and what is refused of it.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.channel
import { rule } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { type AddressPolicy, isAllowedHost, isLoopback, toHost } from './address-policy.ts';

export interface Channel {
  endpoint: string;
  /** Whether messages carry the resource: then the endpoint is the base of a FHIR API that is updated. Otherwise it is called with nothing. */
  payload: boolean;
  header: [name: string, value: string][];
}

interface Written {
  type?: string;
  endpoint?: string;
  payload?: string;
  header?: string[];
}

const PAYLOAD = 'application/fhir+json';
/** `Name: value`; no control characters. https://www.rfc-editor.org/rfc/rfc9110#section-5 */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*)$/;
/** Headers that are this server's to set. */
const SERVER_HEADERS =
  /^(host|connection|keep-alive|upgrade|te|trailer|expect|content-.*|transfer-encoding|proxy-.*|webhook-.*|user-agent)$/i;
const MAX_HEADERS = 20;
const MAX_LENGTH = 2048;

/** The channel of a Subscription. Fails with 422 where it is not one that is served. */
export function parseChannel({ channel }: Resource, reach: AddressPolicy): Channel {
  const { type, endpoint, payload, header = [] } = (channel ?? {}) as Written;
  if (type !== 'rest-hook') throw rule('channels of this type are not served; served is rest-hook', toPath('type'));
  if (payload !== undefined && payload !== PAYLOAD)
    throw rule(`the payload can be ${PAYLOAD}, or absent: an empty POST is sent then`, toPath('payload'));
  checkEndpoint(endpoint, payload !== undefined, reach);
  if (header.length > MAX_HEADERS) throw rule(`a channel has at most ${MAX_HEADERS} headers`, toPath('header'));
  return { endpoint: endpoint!, payload: payload !== undefined, header: header.map(parseHeader) };
}

const toPath = (element: string): string => `Subscription.channel.${element}`;

function checkEndpoint(endpoint: string | undefined, isBase: boolean, reach: AddressPolicy): void {
  const refuse = (text: string) => rule(text, toPath('endpoint'));
  if (endpoint === undefined || endpoint.length > MAX_LENGTH || !URL.canParse(endpoint))
    throw refuse('a rest-hook needs an absolute URL as its endpoint');
  const url = new URL(endpoint);
  const host = toHost(url);
  const plain = url.protocol === 'http:' && !reach.production && isLoopback(host);
  if (url.protocol !== 'https:' && !plain) throw refuse('the endpoint must be https (http only on this machine, outside of production)');
  if (url.username || url.password || url.hash)
    throw refuse('the endpoint has no credentials and no fragment in it: channel.header carries credentials');
  if (isBase && url.search) throw refuse('with a payload the endpoint is the base of a FHIR API: it has no query');
  if (!isAllowedHost(host, reach))
    throw refuse('the endpoint is a private address: FACET_PRIVATE_SUBSCRIBER_HOSTS names those that may be called');
}

function parseHeader(text: string, nth: number): [string, string] {
  const where = `${toPath('header')}[${nth}]`;
  const [, name, value] = HEADER.exec(text) ?? [];
  if (name === undefined || text.length > MAX_LENGTH) throw rule('a header is written as Name: value, in ASCII', where);
  if (SERVER_HEADERS.test(name)) throw rule('this header is set by the server', where);
  return [name, value!.trim()];
}

/** Where a resource goes. https://hl7.org/fhir/R4/valueset-subscription-channel-type.html ("interpreted as the service base, and an update (PUT) is made") */
export const buildUpdateUrl = (endpoint: string, { type, id }: { type: string; id: string }): URL =>
  new URL(`${endpoint.replace(/\/+$/, '')}/${type}/${encodeURIComponent(id)}`);
