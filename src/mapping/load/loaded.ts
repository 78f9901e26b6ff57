// What loading makes of the files under mappings/: each shape and surface with the file it was made of.
import type { Profiles } from '../../fhir/profiles.ts';
import type { SearchRegistry } from '../../fhir/search/registry.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { CodeTables } from '../lens/derivations.ts';
import type { Lens } from '../lens/lens.ts';
import type { Shape, Surface } from '../shape.ts';
import type { MappingSpec, SurfaceSpec } from '../spec.ts';
import type { SourceFile } from './yaml-file.ts';

/** A shape with what it was made of: for the checks, and for tests that look inside. */
export interface LoadedShape {
  shape: Shape;
  lens: Lens;
  mapping: SourceFile<MappingSpec>;
  surface: SourceFile<SurfaceSpec>;
}

/** A surface with what it was made of. */
export interface LoadedSurface {
  surface: Surface;
  source: SourceFile<SurfaceSpec>;
  tables: CodeTables;
  /** Its mapping files. */
  files: string[];
}

/** `vendor/shape`. */
export const toQualifiedName = ({ shape }: LoadedShape): string => `${shape.surface.name}/${shape.name}`;

/** What loading needs beside the files. */
export interface LoadOptions {
  profiles: Profiles;
  registry: SearchRegistry;
  /** The outside steps that there are; absent: whatever a mapping names is taken for one. */
  ports?: readonly string[];
}

/** The same, and the mistakes that are found. */
export interface LoadContext extends LoadOptions {
  faults: Diagnostic[];
}
