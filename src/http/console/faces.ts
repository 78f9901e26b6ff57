// GET /console/api/faces/{type}/{id}: a resource and all its faces, for callers with the read scope of the type.
import { readFaces } from '../../faces/faces.ts';
import { notFound } from '../../fhir/outcome.ts';
import { isServed } from '../../fhir/types.ts';
import { authorize } from '../middleware/authorize.ts';
import type { ConsoleHandler } from './console-call.ts';

export const handleFaces: ConsoleHandler = ({ context, mappings, path }) => {
  const { type = '', id = '' } = path;
  if (!isServed(type)) throw notFound('this server does not serve this resource type');
  authorize(context.caller, type, 'r');
  return readFaces(context, mappings, { type, id });
};
