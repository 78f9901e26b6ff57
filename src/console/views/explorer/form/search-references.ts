// Finds resources that a reference may lead to, by what people call them. https://hl7.org/fhir/R4/search.html#reference
import { escapeValue, type Resource, search } from '../../../api/fhir.ts';
import type { ReadOptions } from '../../../api/request.ts';
import type { ComboboxOption } from '../../../components/use-options.ts';
import { type Capabilities, findParameter } from '../query/capabilities.ts';
import { describeResource, describeValue } from '../results/describe-value.ts';

const COUNT = '8';
/** Parameters by which a resource is called. */
const NAMES = ['name', 'title', 'identifier'];
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** Resources of the type whose name begins with the text, or that have it as their id. Without a text: those that changed last. */
export async function searchReferences(
  capabilities: Capabilities,
  type: string,
  text: string,
  options: ReadOptions,
): Promise<ComboboxOption[]> {
  const typed = text.trim().replace(`${type}/`, '');
  const name = NAMES.find((code) => findParameter(capabilities, type, code));
  const searches: [string, string][] =
    typed === ''
      ? [['_sort', '-_lastUpdated']]
      : [
          ...(name === undefined ? [] : [[name, escapeValue(typed)] as [string, string]]),
          ...(ID.test(typed) ? [['_id', typed] as [string, string]] : []),
        ];
  const replies = await Promise.all(searches.map((parameter) => search(type, [parameter, ['_count', COUNT]], options)));
  const found = replies.flatMap(({ body }) => (body.entry ?? []).flatMap(({ resource }) => resource ?? []));
  return [...new Map(found.map((resource) => [resource.id, toOption(resource)])).values()];
}

const toOption = (resource: Resource): ComboboxOption => ({
  value: `${resource.resourceType}/${resource.id}`,
  title: describeResource(resource) || `${resource.resourceType}/${resource.id}`,
  hint: [`${resource.resourceType}/${resource.id}`, describeValue(resource.birthDate)].filter((part) => part !== '').join(' · '),
});
