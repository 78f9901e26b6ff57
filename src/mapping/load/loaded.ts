// The result of loading: each shape and surface with its source file.
import type { Profiles } from '../../fhir/profiles.ts';
import type { SearchRegistry } from '../../fhir/search/registry.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { CodeTables } from '../lens/derivations.ts';
import type { Lens } from '../lens/lens.ts';
import type { Shape, Surface } from '../shape.ts';
import type { MappingSpec, SurfaceSpec } from '../spec.ts';
import type { SourceFile } from './yaml-file.ts';

/** A shape with its lens and source files: for checks, tools and tests. */
export interface LoadedShape {
  shape: Shape;
  lens: Lens;
  mapping: SourceFile<MappingSpec>;
  surface: SourceFile<SurfaceSpec>;
}

/** A surface with its source file and tables. */
export interface LoadedSurface {
  surface: Surface;
  source: SourceFile<SurfaceSpec>;
  tables: CodeTables;
  /** Its mapping files. */
  files: string[];
}

/** `vendor/shape`. */
export const toQualifiedName = ({ shape }: LoadedShape): string => `${shape.surface.name}/${shape.name}`;

/** The inputs of loading in addition to the files. */
export interface LoadOptions {
  profiles: Profiles;
  registry: SearchRegistry;
  /** The names of the external steps; absent: not checked. */
  externalSteps?: readonly string[];
}

/** The inputs of loading, with the mistakes found so far. */
export interface LoadContext extends LoadOptions {
  faults: Diagnostic[];
}
