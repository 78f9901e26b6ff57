// What an edit would change, as the server previews it, with the places of its problems in the edited text.

import { findPlace, formatExact, isJsonObject, type Json, type JsonObject, type Place, parseExact, toLine } from '../../api/exact-json.ts';
import { type PreviewProblem, previewEdit } from '../../api/faces.ts';
import { type Face, type Faces, readObject, toFaceKey } from '../../api/faces-data.ts';
import type { ReadOptions } from '../../api/request.ts';
import type { JsonChange } from './diff.ts';

export interface Write {
  method: 'PUT' | 'PATCH';
  /** Below the base of the API. */
  path: string;
  ifMatch: string;
  /** JSON, with the digits of its numbers. */
  body: string;
}

export interface PlacedProblem extends Place {
  text: string;
  path: string;
  line: number;
  severity: 'error' | 'warning';
}

interface FaceChanges {
  key: string;
  surface: string;
  shape: string;
  changes: JsonChange[];
}

export interface Preview {
  write: Write;
  status: number;
  problems: PlacedProblem[];
  /** Undefined: it would be refused. */
  changes?: { fhir: JsonChange[]; faces: FaceChanges[] };
}

/** The content of the resource, or of the same face in it. Undefined: it has the face no more. */
export const readContent = (faces: Faces, face: Face | undefined): JsonObject | undefined =>
  face ? faces.faces.find(({ key }) => key === face.key)?.view : faces.resource;

/** `text`: the whole edited face, as JSON. */
export async function loadPreview(
  { type, id, version }: Faces,
  face: Face | undefined,
  text: string,
  options: ReadOptions,
): Promise<Preview> {
  const edit = { type, id, version, surface: face?.surface ?? 'fhir', shape: face?.shape, content: text };
  const { body, text: response } = await previewEdit(edit, options);
  const exact = parseExact(response).value;
  const { places } = parseExact(text);
  return {
    write: { ...body.write, body: formatExact(isJsonObject(exact) ? (readObject(exact, 'write').body ?? null) : null) },
    status: body.status,
    problems: body.problems.map((problem) => toPlacedProblem(problem, type, { text, places })),
    ...('saved' in body && { changes: readChanges(readObject(exact, 'saved')) }),
  };
}

/** FHIR names an element with its type (`Patient.name[0]`), a vendor its field. */
function toPlacedProblem(
  { text, severity, expression = [] }: PreviewProblem,
  type: string,
  source: { text: string; places: ReadonlyMap<string, Place> },
): PlacedProblem {
  const path = (expression[0] ?? '').replace(new RegExp(`^${type}(?:\\.|$)`), '');
  const place = findPlace(source.places, path);
  return {
    text,
    path,
    ...place,
    line: toLine(source.text, place.from),
    severity: severity === 'warning' || severity === 'information' ? 'warning' : 'error',
  };
}

function readChanges(saved: JsonObject): NonNullable<Preview['changes']> {
  const faces = Object.entries(readObject(saved, 'faces')).flatMap(([surface, list]) =>
    (list as JsonObject[]).map((face): FaceChanges => {
      const [shape, item] = [String(face.shape), face.item === undefined ? undefined : String(face.item)];
      return { key: toFaceKey(surface, shape, item), surface, shape, changes: readList(face.changes) };
    }),
  );
  return { fhir: readList(saved.changes), faces };
}

// the assertion: the API says so
const readList = (list: Json | undefined): JsonChange[] => (Array.isArray(list) ? (list as unknown as JsonChange[]) : []);
