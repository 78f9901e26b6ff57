// Fills and refreshes the tenant's catalogue (ActivityDefinition) from the lab network: one entry for each lab test, and one for each marker that can be ordered
// alone. It may run again at any time, and in two processes at once: the ids of entries follow from the network's, and unchanged entries get no new version.
import { findMatchIds } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import { type ResourceEdit, readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import type { CatalogueMarker, JunctionCatalogueReader, Laboratory, LabTest } from '../../junction/catalogue-reader.ts';
import type { Failure, Outcome } from '../../messaging/outcome.ts';
import {
  applyEntry,
  buildMarkerEntry,
  buildTestEntry,
  type CatalogueEntry,
  type CatalogueSystems,
  endEntry,
  toEntryId,
  toMarkerKey,
} from './catalogue-entry.ts';

/** The numbers of entries. `ended`: entries whose tests are no longer offered. */
interface SyncResult {
  labTests: number;
  markers: number;
  created: number;
  changed: number;
  unchanged: number;
  ended: number;
}

export interface SyncOptions {
  reader: JunctionCatalogueReader;
  systems: CatalogueSystems;
  /** Counts what would change, and writes nothing. */
  isDryRun: boolean;
  /** Called while the lists are read. */
  progress?: (text: string) => void;
}

/** The outcome is a failure if a list could not be read completely: nothing is written then. */
export async function syncCatalogue(context: Context, options: SyncOptions): Promise<SyncResult | Failure> {
  const read = await readNetworkCatalogue(options);
  if ('kind' in read) return read;
  const { labTests, entries } = read;
  const offered = new Set(entries.map(({ key }) => toEntryId(key)));
  const stored = await findMatchIds(context, 'ActivityDefinition', `identifier=${encodeURIComponent(options.systems.catalogue)}|`);
  const now = context.clock().toISOString();
  const count = { created: 0, changed: 0, unchanged: 0, ended: 0 };
  const edits: ResourceEdit[] = [
    ...entries.map((entry) => buildEdit(toEntryId(entry.key), (current) => applyEntry(current, entry, options.systems, now))),
    ...stored.filter((id) => !offered.has(id)).map((id) => buildEdit(id, (current) => current && endEntry(current, now))),
  ];
  for (let start = 0; start < edits.length; start += WRITES_AT_ONCE) {
    const part = edits.slice(start, start + WRITES_AT_ONCE);
    const written = await writeEntries(context, part, options.isDryRun);
    for (const { id } of part) count[classifyWrite(offered.has(id), written.get(id))]++;
  }
  return { labTests: labTests.length, markers: entries.length - labTests.length, ...count };
}

const buildEdit = (id: string, edit: ResourceEdit['edit']): ResourceEdit => ({ type: 'ActivityDefinition', id, edit });

/** Entries that one transaction writes. */
const WRITES_AT_ONCE = 200;
/** Ends a transaction without writing. */
class DryRunEnded extends Error {}

/** Id → version of the entries that were written, or would be. */
async function writeEntries(context: Context, edits: ResourceEdit[], isDryRun: boolean): Promise<Map<string, number>> {
  const written = new Map<string, number>();
  const write = async (inside: Context): Promise<void> => {
    for (const { id, version } of await readModifyWriteMany(inside, edits)) written.set(id, version);
    if (isDryRun) throw new DryRunEnded();
  };
  await context.store
    .transaction((store) => write({ ...context, store }))
    .catch((error: unknown) => {
      if (!(error instanceof DryRunEnded)) throw error;
    });
  return written;
}

function classifyWrite(isOffered: boolean, version: number | undefined): 'created' | 'changed' | 'unchanged' | 'ended' {
  if (version === undefined) return 'unchanged';
  if (version === 1) return 'created';
  return isOffered ? 'changed' : 'ended';
}

/** The active lab tests with their markers, and the markers that can be ordered alone and are not the only marker of a lab test. */
async function readNetworkCatalogue({
  reader,
  systems,
  progress = () => {},
}: SyncOptions): Promise<{ labTests: LabTest[]; entries: CatalogueEntry[] } | Failure> {
  const listed = await reader.listLabTests();
  if (listed.kind !== 'accepted') return listed;
  const labTests = listed.value.filter(({ isActive }) => isActive);
  progress(`${labTests.length} active lab tests of ${listed.value.length}`);
  const markers = await readEach(labTests, ({ id }) => reader.listMarkersOfTest(id), progress);
  if ('kind' in markers) return markers;
  const tests = labTests.map((test, index) => buildTestEntry(test, markers.lists[index]!, systems));
  const laboratories = listLaboratories(labTests);
  const single = await readEach(laboratories, ({ slug }) => reader.listSingleMarkers(slug), progress);
  if ('kind' in single) return single;
  const covered = new Set(labTests.flatMap((test, index) => findCoveredMarker(test, markers.lists[index]!) ?? []));
  const alone = laboratories.flatMap((laboratory, index) =>
    single.lists[index]!.flatMap((marker) => buildMarkerEntry(marker, laboratory, systems) ?? []),
  );
  return { labTests, entries: uniqueEntries([...tests, ...alone.filter(({ key }) => !covered.has(key))]) };
}

const listLaboratories = (labTests: LabTest[]): Laboratory[] => [
  ...new Map(labTests.flatMap(({ laboratory }) => (laboratory ? [[laboratory.slug, laboratory] as const] : []))).values(),
];

/** The key of the marker that this lab test alone orders. */
const findCoveredMarker = ({ laboratory }: LabTest, markers: CatalogueMarker[]): string | undefined => {
  const [only, ...others] = markers;
  return laboratory && only?.code !== undefined && others.length === 0 ? toMarkerKey(laboratory.slug, only.code) : undefined;
};

const uniqueEntries = (entries: CatalogueEntry[]): CatalogueEntry[] => [...new Map(entries.map((entry) => [entry.key, entry])).values()];

/** Requests to the network at once. */
const READS_AT_ONCE = 4;

/** One list for each item, in the order of the items, or the first failure. */
async function readEach<Item>(
  items: Item[],
  read: (item: Item) => Promise<Outcome<CatalogueMarker[]>>,
  progress: (text: string) => void,
): Promise<{ lists: CatalogueMarker[][] } | Failure> {
  const lists: CatalogueMarker[][] = [];
  for (let start = 0; start < items.length; start += READS_AT_ONCE) {
    for (const outcome of await Promise.all(items.slice(start, start + READS_AT_ONCE).map(read))) {
      if (outcome.kind !== 'accepted') return outcome;
      lists.push(outcome.value);
    }
    if (items.length > READS_AT_ONCE) progress(`markers of ${Math.min(start + READS_AT_ONCE, items.length)} of ${items.length}`);
  }
  return { lists };
}
