// Checks between shapes: two shapes have the same route only if their API keys differ, and referenced shapes exist.

import { formatKnownNames } from '../../fhir/closest-name.ts';
import type { Diagnostic } from '../diagnostics.ts';
import { listRoutes } from '../routes.ts';
import type { Shape, Surface } from '../shape.ts';
import type { MappingSpec } from '../spec.ts';
import type { LoadedShape } from './loaded.ts';
import type { SourceFile } from './yaml-file.ts';

interface RoutedShape {
  shape: Shape;
  mapping: SourceFile<MappingSpec>;
}

/** Reports each route that two shapes have and that their keys do not distinguish. */
export function checkRoutes(shapes: RoutedShape[]): Diagnostic[] {
  return shapes.flatMap((shape, index) =>
    shapes.slice(0, index).flatMap((other) => {
      const others = listRoutes(other.shape).map(removeNames);
      const route = listRoutes(shape.shape).find((template) => others.includes(removeNames(template)));
      if (route === undefined || haveDistinctKeys(shape.shape.surface, other.shape.surface)) return [];
      return [
        {
          place: shape.mapping.locate(['path']),
          text: `${route} is claimed by ${other.shape.surface.name}/${other.shape.name} too: write another path, or let the keys of the two surfaces differ (auth)`,
        },
      ];
    }),
  );
}

/** A route without the names of its parameters. */
const removeNames = (template: string): string => template.replace(/\{\w+\}/g, '{}');

/** Whether the keys of two surfaces differ by header or prefix. */
const haveDistinctKeys = (a: Surface, b: Surface): boolean =>
  a !== b && (a.auth.scheme !== b.auth.scheme || a.auth.prefix !== b.auth.prefix);

/** Checks the shapes in `answers:` and `tells:`. */
export function checkShapeReferences(shapes: LoadedShape[]): Diagnostic[] {
  return shapes.flatMap((loaded) => {
    const { shape, mapping } = loaded;
    const others = shapes.filter((other) => other.shape.surface === shape.surface);
    const errors = findShapeReferenceErrors(loaded, others);
    return errors.map(([keys, text]) => ({ place: mapping.locate(keys), text }));
  });
}

function findShapeReferenceErrors({ shape }: LoadedShape, others: LoadedShape[]): [keys: string[], text: string][] {
  const { responseShape, linkBack, resource } = shape;
  const names = others.map((other) => other.shape.name);
  const named = (name: string | undefined): LoadedShape | undefined => others.find((other) => other.shape.name === name);
  const missing = (name: string | undefined): string | false =>
    name !== undefined && !named(name) && `there is no shape ${name}${formatKnownNames(name, names)}`;
  const unfit = (name: string | undefined, type: string): string | undefined => {
    const other = named(name);
    return other && (other.shape.resource !== type || other.shape.rows) ? `${name} does not show a whole ${type}` : undefined;
  };
  const fields = named(linkBack?.shape)?.lens.fields.map(({ name }) => name);
  const problems: [string[], string | false | undefined][] = [
    [['answers'], missing(responseShape) || unfit(responseShape, resource)],
    [['tells', 'shape'], missing(linkBack?.shape) || unfit(linkBack?.shape, 'Patient')],
    [
      ['tells', 'field'],
      fields &&
        !fields.includes(linkBack!.field) &&
        `there is no field ${linkBack!.field} in it${formatKnownNames(linkBack!.field, fields)}`,
    ],
  ];
  return problems.filter((problem): problem is [string[], string] => typeof problem[1] === 'string');
}
