// Sample values of fields, from the examples of a mapping.
import { toRecord } from '../../fhir/json-values.ts';
import type { Example } from '../load/examples.ts';
import { readRequestItems } from '../request/request-items.ts';
import type { Shape } from '../shape.ts';

/** The values in examples for the field at these property names. */
export type FieldSamples = (at: string[]) => unknown[];

/** The request values of a field in the examples. */
export const buildSamples =
  (examples: Example[], shape: Shape): FieldSamples =>
  (at) =>
    examples.flatMap(({ request }) =>
      at.reduce<unknown[]>(
        (views, name) => views.flatMap((view) => toRecord(view)[name] ?? []),
        [(request && shape.batch ? readRequestItems(shape, request)[0] : request) ?? {}],
      ),
    );
