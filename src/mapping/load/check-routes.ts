// Two shapes may not claim one route, unless the host or the kind of key says which is meant.

import { routesOf } from '../routes.ts';
import type { Shape, Surface } from '../shape.ts';
import type { MappingSpec } from '../spec.ts';
import type { Fault } from './loaded.ts';
import type { Source } from './source.ts';

interface Claimed {
  shape: Shape;
  mapping: Source<MappingSpec>;
}

/** One fault per route that two shapes claim and nothing tells apart. */
export function checkRoutes(shapes: Claimed[]): Fault[] {
  return shapes.flatMap((one, nth) =>
    shapes.slice(0, nth).flatMap((other) => {
      const others = routesOf(other.shape).map(plain);
      const route = routesOf(one.shape).find((template) => others.includes(plain(template)));
      if (route === undefined || areApart(one.shape.surface, other.shape.surface)) return [];
      return [
        {
          place: one.mapping.place(['path']),
          text: `${route} is claimed by ${other.shape.surface.name}/${other.shape.name} too: write another path, or let the keys of the two surfaces differ (auth)`,
        },
      ];
    }),
  );
}

/** The same route whatever its names are called. */
const plain = (template: string): string => template.replace(/\{\w+\}/g, '{}');

/** Requests to the two differ by the header or the beginning of their keys. */
const areApart = (a: Surface, b: Surface): boolean => a !== b && (a.auth.scheme !== b.auth.scheme || a.auth.prefix !== b.auth.prefix);
