// The first example of a new mapping, made by the mapping itself from its sample: for an analyst to read and confirm, above all the resource.
import { stringify } from 'yaml';
import { envOf } from '../example.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { View } from '../shape.ts';

const ID = '0190b3c2-0000-7000-8000-000000000001';
const TIME = '2026-01-01T00:00:00.000Z';

/** The text of an examples file. */
export function firstExample({ shape }: LoadedShape, sample: View): string {
  const request = shape.known(sample);
  const resource = shape.write(request, undefined, envOf({ newId: ID, now: TIME }));
  const assigned = { id: ID, created: TIME, lastUpdated: TIME };
  const saved = { ...resource, id: ID, meta: { ...resource.meta, lastUpdated: TIME } };
  const response = shape.read(saved, envOf({ created: TIME }));
  const example = { title: 'as the sample has it', request, resource, assigned, response };
  const note =
    '# Made by the mapping itself: is this the resource that the sample means? "facet mapping check" says what other examples are missing.\n';
  return note + stringify([example], { lineWidth: 0 });
}
