// The search for fields by a FHIR element or a name. The browser suggests the elements that the mappings show.
import { useId, useMemo } from 'preact/hooks';
import type { Surface } from '../../api/mapping-types.ts';
import { Icon } from '../../components/icons.tsx';
import { listElements } from './find-fields.ts';

interface FieldSearchProps {
  surfaces: Surface[];
  text: string;
  onText: (text: string) => void;
}

const EXAMPLES = ['Patient.telecom', 'Observation.value', 'identifier.value'];

export function FieldSearch({ surfaces, text, onText }: FieldSearchProps) {
  const id = useId();
  const elements = useMemo(() => listElements(surfaces), [surfaces]);
  return (
    <section class="panel field-search" aria-labelledby={`${id}-title`}>
      <label id={`${id}-title`} for={`${id}-input`}>
        Which vendors show an element?
      </label>
      <div class="search-input">
        <Icon name="search" />
        <input
          id={`${id}-input`}
          type="search"
          autocomplete="off"
          spellcheck={false}
          list={`${id}-elements`}
          placeholder="Patient.telecom, or the name of a field"
          value={text}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      </div>
      <datalist id={`${id}-elements`}>
        {elements.map((element) => (
          <option key={element} value={element} />
        ))}
      </datalist>
      <p class="row quiet">
        For example
        {EXAMPLES.map((example) => (
          <button key={example} type="button" class="example" onClick={() => onText(example)}>
            {example}
          </button>
        ))}
      </p>
    </section>
  );
}
