// Reads the body of a FHIR request as text, so that its numbers keep their digits in the store. https://hl7.org/fhir/R4/http.html#mime-type
import type { Request } from 'express';
import type { BundleEntry } from '../../fhir/bundle.ts';
import { type ParsedJson, parseJson } from '../../fhir/json.ts';
import { isObject } from '../../fhir/json-values.ts';
import { acceptsR4, parseMediaType, RESOURCE_FORMATS } from '../../fhir/media-type.ts';
import { invalid, invalidStructure, notSupported, unsupportedMedia } from '../../fhir/outcome.ts';
import { parseFhirPathPatch } from '../../fhir/patch/fhirpath-patch.ts';
import { parseJsonPatch } from '../../fhir/patch/json-patch.ts';
import type { Patch } from '../../fhir/patch/patch.ts';
import type { Resource } from '../../fhir/types.ts';
import { parseXml } from '../../fhir/xml/parse-xml.ts';
import type { Draft } from '../../interactions/context.ts';
import type { BytesReader, TextReader } from '../middleware/read-body.ts';
import { getReadBytes, hasBody } from '../middleware/read-body.ts';
import type { FhirRequestBody } from './fhir-call.ts';

const RESOURCE = [...RESOURCE_FORMATS.keys()];
const JSON_PATCH = 'application/json-patch+json';
const PATCHES = [JSON_PATCH, ...RESOURCE];
/** The value of Accept-Patch (RFC 5789 §3.1). */
const ACCEPT_PATCH = `${JSON_PATCH}, application/fhir+json, application/fhir+xml`;
const FORM = ['application/x-www-form-urlencoded'];

/** The readers of bodies, each with its size limit. */
interface BodyReaders {
  text: TextReader;
  form: TextReader;
  bytes: BytesReader;
}

/** The body of an HTTP request. */
export function buildRequestBody(req: Request, read: BodyReaders): FhirRequestBody {
  const text = (
    types: readonly string[],
    instruction: string,
    { headers, as = read.text }: { headers?: Record<string, string>; as?: TextReader } = {},
  ) => {
    const [type, ...parameters] = parseMediaType(req.headers['content-type'] ?? '');
    if (!types.includes(type) && !(type === '' && !hasBody(req))) throw unsupportedMedia(instruction, headers);
    if (!acceptsR4(parameters)) throw unsupportedMedia('this server supports FHIR 4.0 only: send fhirVersion=4.0 or leave it out');
    return as(req);
  };
  const format = RESOURCE_FORMATS.get(parseMediaType(req.headers['content-type'] ?? '')[0]);
  const parse = (body: string): ParsedJson | Promise<ParsedJson> => (format?.syntax === 'xml' ? parseXml(body) : parseJson(body));
  const readJson = async (): Promise<ParsedJson | undefined> => {
    const body = await text(RESOURCE, 'send the resource as application/fhir+json or application/fhir+xml');
    return body.trim() === '' ? undefined : parse(body);
  };
  const json = async (what: string): Promise<ParsedJson> => {
    const body = await readJson();
    if (!body) throw invalidStructure(`the body must be a ${what}, but it is empty`);
    return body;
  };
  return {
    resource: async (type) => toDraft(await json(`${type} resource`), type),
    form: async () => [
      ...new URLSearchParams(await text(FORM, 'send the parameters as application/x-www-form-urlencoded', { as: read.form })),
    ],
    patch: async () => {
      const body = await text(PATCHES, `send a patch as ${ACCEPT_PATCH}`, { headers: { 'Accept-Patch': ACCEPT_PATCH } });
      if (body.trim() === '') throw invalidStructure('the body must be a patch, but it is empty');
      return toPatch(await parse(body));
    },
    json: () => json('resource'),
    parameters: async () => (await readJson()) ?? NO_PARAMETERS,
    text: async (mediaTypes, instruction) => {
      const sent = await text(mediaTypes, instruction);
      return { mediaType: parseMediaType(req.headers['content-type'] ?? '')[0], text: sent };
    },
    binary: async () => {
      const contentType = req.headers['content-type'] ?? '';
      // any XML may be content, for example a CDA document, so a Binary resource in XML needs the media type of FHIR
      if (!format || (format.syntax === 'xml' && format.mediaType !== 'application/fhir+xml'))
        return toUpload(await read.bytes(req), contentType);
      const parsed = await json('Binary resource, or content in the format that Content-Type names');
      // JSON or XML that is not a Binary resource is content, even with the media type of FHIR
      return isResource(parsed.plain, 'Binary') ? toDraft(parsed, 'Binary') : toUpload(getReadBytes(req), contentType);
    },
  };
}

const NO_PARAMETERS: ParsedJson = { plain: { resourceType: 'Parameters' }, exact: { resourceType: 'Parameters' } };

const isResource = (value: unknown, type: string): value is Resource => isObject(value) && value.resourceType === type;

function toUpload(bytes: Buffer, contentType: string): { bytes: Buffer; contentType: string } {
  if (contentType === '') throw unsupportedMedia('name the media type of the content in Content-Type');
  return { bytes, contentType };
}

/** The body of an entry of a Bundle. */
export function buildEntryBody({ resource }: BundleEntry): FhirRequestBody {
  return {
    resource: async (type) => toDraft(resource, type),
    form: async () => {
      throw notSupported('an entry of a Bundle cannot search by POST: search by GET');
    },
    patch: async () => parseEntryPatch(resource),
    binary: async () => toDraft(resource, 'Binary'),
    text: async () => {
      throw notSupported('the body of an entry of a Bundle is a resource');
    },
    json: async () => {
      if (!resource) throw invalidStructure('the entry has no resource');
      return resource;
    },
    parameters: async () => resource ?? NO_PARAMETERS,
  };
}

/** A JSON Patch is a list, a FHIRPath Patch a Parameters resource. https://hl7.org/fhir/R4/http.html#patch */
function toPatch(parsed: ParsedJson): Patch {
  return Array.isArray(parsed.plain) ? parseJsonPatch(parsed) : parseFhirPathPatch(parsed);
}

/** In a Bundle a JSON Patch is sent as a Binary. https://hl7.org/fhir/R4/http.html#patch ("PATCH in a Bundle") */
export function parseEntryPatch(resource: BundleEntry['resource']): Patch {
  if (!resource) throw invalidStructure('the entry has no resource');
  const { resourceType, contentType, data } = resource.plain;
  if (resourceType !== 'Binary') return parseFhirPathPatch(resource);
  if (contentType !== JSON_PATCH || typeof data !== 'string')
    throw invalidStructure(`a Binary that patches has contentType ${JSON_PATCH} and data`);
  return parseJsonPatch(parseJson(Buffer.from(data, 'base64').toString('utf8')));
}

/** A resource of this type, with JavaScript numbers and with exact digits. Any other value is refused (400). */
export function toDraft(parsed: ParsedJson | undefined, type: string): Draft {
  const { plain: json, exact } = parsed ?? {};
  if (!isObject(json)) throw invalidStructure(`the body must be a ${type} resource: a JSON object`);
  if (!isResource(json, type) || !isResource(exact, type))
    throw invalid(`resourceType must be ${type}, as in the URL`, `${type}.resourceType`);
  return { resource: json, exact };
}
