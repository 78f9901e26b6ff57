// The text of an element's place: JSON names with indexes, `name[0].given[1]`.
import type { PathKey } from '../fhir/json-tree.ts';
import { toChildPath } from '../json-changes/child-path.ts';

export const formatElementPath = (keys: readonly PathKey[]): string => keys.reduce<string>(toChildPath, '');
