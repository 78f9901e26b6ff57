// Chooses the resource type to search.
import { useCallback } from 'preact/hooks';
import { useRequest } from '../../api/use-request.ts';
import { Combobox } from '../../components/combobox.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { filterOptions } from '../../components/use-options.ts';
import { navigate, toHref } from '../../router.ts';
import { findUsedTypes } from './find-used-types.ts';
import type { Capabilities } from './query/capabilities.ts';

interface TypeChooserProps {
  capabilities: Capabilities;
  type: string | undefined;
}

export function TypeChooser({ capabilities, type }: TypeChooserProps) {
  const find = useCallback(
    (text: string) =>
      filterOptions(
        capabilities.names.map((name) => ({ value: name, title: name })),
        text,
      ),
    [capabilities],
  );
  return (
    <div class="type-chooser">
      <Combobox
        label="Resource type"
        text={type ?? ''}
        find={find}
        onChoose={({ value }) => navigate(`/explorer/${value}`)}
        placeholder="resource type …"
      />
    </div>
  );
}

/** All types; those that have resources come first. */
export function TypeList({ capabilities: { names } }: { capabilities: Capabilities }) {
  const used = useRequest([names], (options) => findUsedTypes(names, options));
  return (
    <div class="explorer">
      <p class="quiet">Choose what to look for. A search form of its parameters opens, with its resources below.</p>
      <section class="panel" aria-labelledby="used-types">
        <h2 id="used-types">With resources</h2>
        <RequestView request={used} title="Find the types that have resources" lines={4}>
          {(types) =>
            types.length > 0 ? (
              <TypeLinks types={types} isProminent />
            ) : (
              <p class="quiet">There are no resources yet that you may search.</p>
            )
          }
        </RequestView>
      </section>
      <section class="panel" aria-labelledby="all-types">
        <h2 id="all-types">All types</h2>
        <TypeLinks types={names} />
      </section>
    </div>
  );
}

const TypeLinks = ({ types, isProminent = false }: { types: readonly string[]; isProminent?: boolean }) => (
  <ul class={isProminent ? 'type-links prominent' : 'type-links'}>
    {types.map((type) => (
      <li key={type}>
        <a href={toHref(`/explorer/${type}`)}>{type}</a>
      </li>
    ))}
  </ul>
);
