// POST /console/api/preview: what an edited face would change. Nothing is saved.
import { previewEdit } from '../../faces/preview.ts';
import { type ParsedJson, parseJson } from '../../fhir/json.ts';
import { isObject, readMember, toRecord } from '../../fhir/json-values.ts';
import { invalid, invalidStructure } from '../../fhir/outcome.ts';
import { isServed, type ServedType } from '../../fhir/types.ts';
import { toDraft } from '../fhir/body.ts';
import { authorize } from '../middleware/authorize.ts';
import type { ConsoleHandler } from './console-call.ts';

const FIELDS = ['type', 'id', 'version', 'surface', 'shape', 'content'];

export const handlePreview: ConsoleHandler = async ({ context, mappings, pageTokens, readText }) => {
  const body = parseJson(await readText());
  const { type, id, version, surface, shape } = readRequest(body.plain);
  for (const permission of ['r', 'u'] as const) authorize(context.caller, type, permission);
  const item: ParsedJson = { plain: readMember(body.plain, 'content'), exact: readMember(body.exact, 'content') };
  const content = surface === 'fhir' ? { fhir: toDraft(item, type) } : { surface, shape: readShape(shape, item), item };
  return previewEdit(context, { type, id, version, content }, { mappings, pageTokens });
};

/** The fields of the request but its content. Another field is refused. */
function readRequest(body: unknown): { type: ServedType; id: string; version: string; surface: string; shape: unknown } {
  if (!isObject(body)) throw invalidStructure('the body must be a JSON object');
  const other = Object.keys(body).find((name) => !FIELDS.includes(name));
  if (other !== undefined) throw invalid(`the request has the fields ${FIELDS.join(', ')} only`);
  const [type, id, version, surface] = ['type', 'id', 'version', 'surface'].map((name) => readField(body, name));
  if (!isServed(type!)) throw invalid('type must be a resource type that this server serves', 'type');
  return { type, id: id!, version: version!, surface: surface!, shape: toRecord(body).shape };
}

function readField(body: object, name: string): string {
  const value = readMember(body, name);
  if (typeof value !== 'string' || value === '') throw invalid(`${name} must be a text`, name);
  return value;
}

function readShape(shape: unknown, { plain }: ParsedJson): string {
  if (typeof shape !== 'string' || shape === '') throw invalid('shape must name the face of the surface', 'shape');
  if (!isObject(plain)) throw invalid('content must be the whole edited item: a JSON object', 'content');
  return shape;
}
