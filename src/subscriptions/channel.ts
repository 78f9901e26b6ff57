// Parses and checks Subscription.channel: the endpoint, the payload and the headers of notifications.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.channel
import type { Subscription } from '@medplum/fhirtypes';
import { businessRule } from '../fhir/outcome.ts';
import { type AddressPolicy, isAllowedHost, isLoopback, toHost } from '../messaging/address-policy.ts';

export interface Channel {
  endpoint: string;
  /** True: notifications contain the resource, and `endpoint` is the base URL of a FHIR API. False: an empty POST is sent to `endpoint`. */
  payload: boolean;
  header: [name: string, value: string][];
}

const PAYLOAD = 'application/fhir+json';
/** `Name: value`; no control characters. https://www.rfc-editor.org/rfc/rfc9110#section-5 */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*)$/;
/** Headers that only this server sets. */
const SERVER_HEADERS =
  /^(host|connection|keep-alive|upgrade|te|trailer|expect|content-.*|transfer-encoding|proxy-.*|webhook-.*|user-agent)$/i;
const MAX_HEADERS = 20;
const MAX_LENGTH = 2048;

/** Fails with 422 if the channel is not supported. */
export function parseChannel({ channel }: Pick<Subscription, 'channel'>, policy: AddressPolicy): Channel {
  const { type, endpoint, payload, header = [] } = channel;
  if (type !== 'rest-hook') throw businessRule('this channel type is not supported; supported is rest-hook', toPath('type'));
  if (payload !== undefined && payload !== PAYLOAD)
    throw businessRule(`the payload can be ${PAYLOAD}, or absent: an empty POST is sent then`, toPath('payload'));
  checkEndpoint(endpoint, payload !== undefined, policy);
  if (header.length > MAX_HEADERS) throw businessRule(`a channel has at most ${MAX_HEADERS} headers`, toPath('header'));
  return { endpoint, payload: payload !== undefined, header: header.map(parseHeader) };
}

const toPath = (element: string): string => `Subscription.channel.${element}`;

function checkEndpoint(endpoint: string | undefined, isBase: boolean, policy: AddressPolicy): asserts endpoint is string {
  const refuse = (text: string) => businessRule(text, toPath('endpoint'));
  if (endpoint === undefined || endpoint.length > MAX_LENGTH || !URL.canParse(endpoint))
    throw refuse('a rest-hook needs an absolute URL as endpoint');
  const url = new URL(endpoint);
  const host = toHost(url);
  const isLocalHttp = url.protocol === 'http:' && !policy.production && isLoopback(host);
  if (url.protocol !== 'https:' && !isLocalHttp)
    throw refuse('the endpoint must use https (http is allowed for this machine only, and not in production)');
  if (url.username || url.password || url.hash)
    throw refuse('the endpoint cannot contain credentials or a fragment: send credentials in channel.header');
  if (isBase && url.search) throw refuse('with a payload the endpoint is the base URL of a FHIR API and cannot have a query');
  if (!isAllowedHost(host, policy)) throw refuse('the endpoint is a private address that FACET_PRIVATE_SUBSCRIBER_HOSTS does not list');
}

function parseHeader(text: string, index: number): [string, string] {
  const where = `${toPath('header')}[${index}]`;
  const [, name, value] = HEADER.exec(text) ?? [];
  if (name === undefined || text.length > MAX_LENGTH) throw businessRule('a header is written as Name: value, in ASCII', where);
  if (SERVER_HEADERS.test(name)) throw businessRule('this header is set by the server', where);
  return [name, value!.trim()];
}

/** The URL of the resource at the subscriber. https://hl7.org/fhir/R4/valueset-subscription-channel-type.html ("interpreted as the service base, and an update (PUT) is made") */
export const buildUpdateUrl = (endpoint: string, { type, id }: { type: string; id: string }): URL =>
  new URL(`${endpoint.replace(/\/+$/, '')}/${type}/${encodeURIComponent(id)}`);
