// One entry of the catalogue: an ActivityDefinition that the network's catalogue determines in part. Its names, codes and the period in which it is offered are the
// network's. Its status and all other elements are the clinic's. docs/lab-catalogue.md, https://hl7.org/fhir/R4/activitydefinition.html
import type { ActivityDefinition, Coding } from '@medplum/fhirtypes';
import { v5 } from 'uuid';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { CatalogueMarker, Laboratory, LabTest } from '../../junction/catalogue-reader.ts';
import { LAB_TEST_METHODS } from '../../junction/collection-methods.ts';

/** The code systems of entries. */
export interface CatalogueSystems {
  /** Identifier of entries that were read from the network. */
  catalogue: string;
  labTest: string;
  /** The beginning of the code systems of laboratories' own codes. The laboratory's short name follows it. */
  provider: string;
  /** The network's names of markers. */
  biomarker: string;
  /** Extension: the collection method of a lab test. */
  collectionMethod: string;
  loinc: string;
}

/** What the network tells about one test. */
export interface CatalogueEntry {
  /** `lab-test/<id>` or `marker/<laboratory>/<code>`: unique in the tenant. */
  key: string;
  title: string;
  subtitle: string | undefined;
  description: string | undefined;
  /** The collection method of a lab test. */
  method: string | undefined;
  codings: Coding[];
}

const NAMESPACE = '7d0f6f5e-2f57-4b43-9f0a-6a7c1a3b52d4';

/** The id of the ActivityDefinition of an entry. */
export const toEntryId = (key: string): string => v5(key, NAMESPACE);

/**
 * A test of one marker has the codes of this marker, so that it is found by them. The codes of a panel's markers are not codes of the panel: who orders one marker
 * does not order the panel.
 */
export function buildTestEntry(test: LabTest, markers: CatalogueMarker[], systems: CatalogueSystems): CatalogueEntry {
  const { id, name, method, laboratory } = test;
  const [only, ...others] = markers;
  const own = only && others.length === 0 ? listMarkerCodings(only, laboratory, systems) : [];
  return {
    key: `lab-test/${id}`,
    title: name,
    subtitle: [laboratory?.name, method].filter(Boolean).join(', ') || undefined,
    description: others.length > 0 ? `Markers: ${markers.map((marker) => marker.name).join(', ')}` : only?.description,
    method: LAB_TEST_METHODS.find((known) => known === method),
    codings: [{ system: systems.labTest, code: id, display: name }, ...own],
  };
}

/** Undefined: the laboratory has no code for the marker, so it cannot be ordered alone. */
export function buildMarkerEntry(marker: CatalogueMarker, laboratory: Laboratory, systems: CatalogueSystems): CatalogueEntry | undefined {
  const { name, code, description, isOrderable } = marker;
  if (code === undefined || !isOrderable) return undefined;
  return {
    key: toMarkerKey(laboratory.slug, code),
    title: name,
    subtitle: laboratory.name,
    description,
    method: undefined,
    codings: listMarkerCodings(marker, laboratory, systems),
  };
}

export const toMarkerKey = (laboratory: string, code: string): string => `marker/${laboratory}/${code}`;

/** LOINC only for a marker with one expected result: the codes of several results do not identify their marker. */
function listMarkerCodings(
  { name, code, slug, loincCodes }: CatalogueMarker,
  laboratory: Laboratory | undefined,
  { provider, biomarker, loinc }: CatalogueSystems,
): Coding[] {
  return [
    ...(laboratory && code !== undefined ? [{ system: provider + laboratory.slug, code, display: name }] : []),
    { system: biomarker, code: slug },
    ...(loincCodes.length === 1 ? [{ system: loinc, code: loincCodes[0]! }] : []),
  ];
}

/** The new content of the stored entry (undefined: a new one). A period that has ended because the test was not offered is reopened. */
export function applyEntry(current: Resource | undefined, entry: CatalogueEntry, systems: CatalogueSystems, now: string): Resource {
  const { catalogue, collectionMethod } = systems;
  const { identifier = [], extension = [], effectivePeriod, ...others } = current ? toTyped('ActivityDefinition', current) : NEW_ENTRY;
  const { title, subtitle, description, method, codings, key } = entry;
  const { title: _title, subtitle: _subtitle, description: _description, ...clinics } = others;
  const period = withoutPastEnd(effectivePeriod, now);
  const extensions = [
    ...extension.filter(({ url }) => url !== collectionMethod),
    ...(method === undefined ? [] : [{ url: collectionMethod, valueCode: method }]),
  ];
  const next: ActivityDefinition = {
    ...clinics,
    ...(extensions.length > 0 && { extension: extensions }),
    identifier: [{ system: catalogue, value: key }, ...identifier.filter(({ system }) => system !== catalogue)],
    title,
    ...(subtitle !== undefined && { subtitle }),
    ...(description !== undefined && { description }),
    code: { ...others.code, coding: codings },
    ...(period && { effectivePeriod: period }),
  };
  return { ...next };
}

const NEW_ENTRY: ActivityDefinition = { resourceType: 'ActivityDefinition', status: 'active', kind: 'ServiceRequest' };

function withoutPastEnd(period: ActivityDefinition['effectivePeriod'], now: string): ActivityDefinition['effectivePeriod'] {
  const { end, ...rest } = period ?? {};
  if (end === undefined || end > now) return period;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/** The entry of a test that the network no longer offers: it ends now, unless it has ended before. */
export function endEntry(current: Resource, now: string): Resource {
  const { effectivePeriod } = toTyped('ActivityDefinition', current);
  if (effectivePeriod?.end !== undefined && effectivePeriod.end <= now) return current;
  return { ...current, effectivePeriod: { ...effectivePeriod, end: now } };
}
