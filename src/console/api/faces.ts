// The API of the console: a resource and all its faces, and what an edit of a face would change. docs/decisions/0059-console-api.md
import type { FacesBody } from './faces-body.ts';
import { type ReadOptions, request } from './request.ts';

const PATH = '/console/api';

/** `text`: parsing changes the digits of numbers. */
export const readFaces = (type: string, id: string, options?: ReadOptions): Promise<{ body: FacesBody; text: string }> =>
  request<FacesBody>([PATH, 'faces', ...[type, id].map(encodeURIComponent)].join('/'), options);

interface Edit {
  type: string;
  id: string;
  version: string;
  /** `fhir`, or a vendor's. */
  surface: string;
  shape?: string | undefined;
  /** The JSON of the whole edited face. */
  content: string;
}

export interface PreviewProblem {
  severity: string;
  code: string;
  text: string;
  expression?: string[];
}

interface PreviewBody {
  write: { method: 'PUT' | 'PATCH'; path: string; ifMatch: string };
  status: number;
  problems: PreviewProblem[];
}

export const previewEdit = ({ content, ...facts }: Edit, options?: ReadOptions): Promise<{ body: PreviewBody; text: string }> =>
  request<PreviewBody>(`${PATH}/preview`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: `${JSON.stringify(facts).slice(0, -1)},"content":${content}}`,
    kind: 'read',
    ...options,
  });
