// Explains a surface: where it is served, its credential, its names for code systems, its shapes, and its file.
import type { LoadedShape, LoadedSurface } from '../load/loaded.ts';
import { toPublishedPlace } from '../load/yaml-file.ts';
import { outlineShape } from './explain-shape.ts';

export function explainSurface({ surface, source }: LoadedSurface, shapes: LoadedShape[]) {
  const { describedAt, systems } = source.content;
  return {
    surface: surface.name,
    title: surface.title,
    ...(describedAt !== undefined && { documentation: describedAt }),
    hosts: surface.hosts,
    mounts: [`/${surface.name}`, ...surface.mounts],
    auth: surface.auth,
    systems,
    shapes: shapes.map(outlineShape),
    source: { file: toPublishedPlace(source.file), text: source.text },
  };
}
