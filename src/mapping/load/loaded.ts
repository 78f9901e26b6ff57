// What loading makes of the files under mappings/: each shape and surface with the file it was made of.
import type { Tables } from '../lens/derivations.ts';
import type { Lens } from '../lens/lens.ts';
import type { Shape, Surface } from '../shape.ts';
import type { MappingSpec, SurfaceSpec } from '../spec.ts';
import type { Source } from './source.ts';

/** A shape with what it was made of: for the checks, and for tests that look inside. */
export interface LoadedShape {
  shape: Shape;
  lens: Lens;
  mapping: Source<MappingSpec>;
  surface: Source<SurfaceSpec>;
}

/** A surface with what it was made of. */
export interface LoadedSurface {
  surface: Surface;
  source: Source<SurfaceSpec>;
  tables: Tables;
  /** Its mapping files. */
  files: string[];
}

/** A mistake in a file: where it is (file, line and keys), and what it is and what to write instead. */
export interface Fault {
  place: string;
  text: string;
}
