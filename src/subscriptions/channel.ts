// What a Subscription's channel says: where messages go, what is in them and which headers they carry; and what is refused of it.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.channel
import { rule } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { hostOf, isLoopback, mayBeCalled, type Reach } from './addresses.ts';

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
const OURS = /^(host|connection|keep-alive|upgrade|te|trailer|expect|content-.*|transfer-encoding|proxy-.*|webhook-.*|user-agent)$/i;
const MOST_HEADERS = 20;
const LONGEST = 2048;

/** The channel of a Subscription. Fails with 422 where it is not one that is served. */
export function channelOf({ channel }: Resource, reach: Reach): Channel {
  const { type, endpoint, payload, header = [] } = (channel ?? {}) as Written;
  if (type !== 'rest-hook') throw rule('channels of this type are not served; served is rest-hook', at('type'));
  if (payload !== undefined && payload !== PAYLOAD)
    throw rule(`the payload can be ${PAYLOAD}, or absent: an empty POST is sent then`, at('payload'));
  checkEndpoint(endpoint, payload !== undefined, reach);
  if (header.length > MOST_HEADERS) throw rule(`a channel has at most ${MOST_HEADERS} headers`, at('header'));
  return { endpoint: endpoint!, payload: payload !== undefined, header: header.map(headerOf) };
}

const at = (element: string): string => `Subscription.channel.${element}`;

function checkEndpoint(endpoint: string | undefined, isBase: boolean, reach: Reach): void {
  const refuse = (text: string) => rule(text, at('endpoint'));
  if (endpoint === undefined || endpoint.length > LONGEST || !URL.canParse(endpoint))
    throw refuse('a rest-hook needs an absolute URL as its endpoint');
  const url = new URL(endpoint);
  const host = hostOf(url);
  const plain = url.protocol === 'http:' && !reach.production && isLoopback(host);
  if (url.protocol !== 'https:' && !plain) throw refuse('the endpoint must be https (http only on this machine, outside of production)');
  if (url.username || url.password || url.hash)
    throw refuse('the endpoint has no credentials and no fragment in it: channel.header carries credentials');
  if (isBase && url.search) throw refuse('with a payload the endpoint is the base of a FHIR API: it has no query');
  if (!mayBeCalled(host, reach)) throw refuse('the endpoint is a private address: FACET_SUBSCRIPTION_HOSTS names those that may be called');
}

function headerOf(text: string, nth: number): [string, string] {
  const where = `${at('header')}[${nth}]`;
  const [, name, value] = HEADER.exec(text) ?? [];
  if (name === undefined || text.length > LONGEST) throw rule('a header is written as Name: value, in ASCII', where);
  if (OURS.test(name)) throw rule('this header is set by the server', where);
  return [name, value!.trim()];
}

/** Where a resource goes. https://hl7.org/fhir/R4/valueset-subscription-channel-type.html ("interpreted as the service base, and an update (PUT) is made") */
export const updateUrl = (endpoint: string, { type, id }: { type: string; id: string }): URL =>
  new URL(`${endpoint.replace(/\/+$/, '')}/${type}/${encodeURIComponent(id)}`);
