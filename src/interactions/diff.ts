// $diff, an operation of this server: the differences of two versions of a resource, as a FHIRPath Patch. docs/decisions/0033-operations.md
import { businessRule, invalid } from '../fhir/outcome.ts';
import { diffResources } from '../fhir/patch/fhirpath-diff.ts';
import { MAX_PATCH_OPERATIONS } from '../fhir/patch/patch.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import { parseExactBody } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';
import { read, vread } from './read.ts';

/** `from`, `to`: version ids. Default: the version before `to`, and the current version. */
interface DiffRequest {
  type: ServedType;
  id: string;
  from?: string;
  to?: string;
}

/** The Parameters of the patch, without operations if both versions have the same content. An unknown version is 404, a deletion 410. */
export async function diffVersions(context: Context, { type, id, from, to }: DiffRequest): Promise<Resource> {
  const after = to === undefined ? await read(context, { type, id }) : await vread(context, { type, id, versionId: to });
  if (from === undefined && after.version === 1) throw invalid('the first version has none before it: name another version by from');
  const before = await vread(context, { type, id, versionId: from ?? String(after.version - 1) });
  const parameter = diffResources(parseExactBody(before.body), parseExactBody(after.body));
  if (parameter.length > MAX_PATCH_OPERATIONS)
    throw businessRule(
      `these versions differ in more than ${MAX_PATCH_OPERATIONS} places, more than a patch may change: read both versions`,
    );
  return { resourceType: 'Parameters', ...(parameter.length && { parameter }) };
}
