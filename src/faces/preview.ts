// What an edited face would change: the write that saves it runs in a transaction that is rolled back, with all its checks. docs/decisions/0059-console-api.md
import type { ParsedJson } from '../fhir/json.ts';
import { ERROR_KINDS, type ErrorKind, FhirError, type Issue, versionMismatch } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Context, Draft } from '../interactions/context.ts';
import type { PageTokens } from '../interactions/page-token.ts';
import { read } from '../interactions/read.ts';
import type { Mappings } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { buildFhirWrite, buildVendorWrite, type EditWrite } from './edit.ts';
import { describeSaved, listViews, type SavedResource } from './saved-resource.ts';

/** An edited face, and the version on which it is based. */
interface Edit {
  type: ServedType;
  id: string;
  version: string;
  content: { fhir: Draft } | { surface: string; shape: string; item: ParsedJson };
}

/** `status`: that of the write. With problems, nothing would be saved. */
interface Preview {
  write: EditWrite['request'];
  status: number;
  problems: Issue[];
  saved?: SavedResource;
}

interface PreviewParts {
  mappings: Mappings;
  pageTokens: PageTokens;
}

/** Refuses an edit of another version than the current one (412), and what a read of the resource refuses. */
export async function previewEdit(context: Context, edit: Edit, parts: PreviewParts): Promise<Preview> {
  let write: EditWrite | undefined;
  try {
    const saved = await context.store.rehearse(async (store) => {
      const inside = { ...context, store };
      const row = await read(inside, edit);
      if (String(row.version) !== edit.version)
        throw versionMismatch('the edit is not based on the current version: read the resource again');
      const before = await listViews(inside, row, parts.mappings);
      write = await buildWrite(inside, row, { edit, parts });
      await write.run();
      return describeSaved(inside, row, { before, mappings: parts.mappings });
    });
    return { write: write!.request, status: 200, problems: [], saved };
  } catch (error) {
    if (!write || !isAboutContent(error)) throw error;
    return { write: write.request, status: findStatus(error, edit, parts.mappings), problems: error.issues };
  }
}

const buildWrite = (
  context: Context,
  row: ResourceRow,
  { edit, parts }: { edit: Edit; parts: PreviewParts },
): Promise<EditWrite> | EditWrite => {
  const { content } = edit;
  if ('fhir' in content) return buildFhirWrite(context, row, content.fhir);
  return buildVendorWrite(context, row, { ...content, content: content.item }, parts);
};

/** With other errors than these, the preview itself is refused. */
const OTHER_ERRORS: ReadonlySet<ErrorKind> = new Set([
  'login',
  'forbidden',
  'version-mismatch',
  'too-long',
  'throttled',
  'exception',
  'upstream',
  'unavailable',
]);

/** Whether a write is refused because of what the edit says. */
const isAboutContent = (error: unknown): error is FhirError => error instanceof FhirError && !OTHER_ERRORS.has(error.kind);

/** The status that the API of the edited face gives this error. */
function findStatus({ kind }: FhirError, { content }: Edit, { surfaces }: Pick<Mappings, 'surfaces'>): number {
  const surface = 'surface' in content ? surfaces.find(({ name }) => name === content.surface) : undefined;
  return surface?.describeError(kind).status ?? ERROR_KINDS[kind].status;
}
