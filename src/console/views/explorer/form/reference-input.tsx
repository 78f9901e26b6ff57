// A reference: the type that it leads to, and the resource by what people call it, or by its id or URL.
import { useCallback, useState } from 'preact/hooks';
import { Combobox } from '../../../components/combobox.tsx';
import type { FindOptions } from '../../../components/use-options.ts';
import type { Capabilities, SearchableParameter } from '../query/capabilities.ts';
import { searchReferences } from './search-references.ts';

interface ReferenceInputProps {
  capabilities: Capabilities;
  parameter: SearchableParameter | undefined;
  modifier: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  invalid: boolean;
}

export function ReferenceInput({ capabilities, parameter, modifier, label, value, onChange, invalid }: ReferenceInputProps) {
  const targets = (parameter?.targets ?? []).includes(modifier) ? [modifier] : (parameter?.targets ?? []);
  const [chosen, setChosen] = useState<string>();
  const written = targets.find((target) => value.startsWith(`${target}/`));
  const type = chosen ?? written ?? (targets.includes('Patient') ? 'Patient' : targets[0]);
  const find: FindOptions = useCallback(
    (text, options) => (type === undefined ? [] : searchReferences(capabilities, type, text, options)),
    [capabilities, type],
  );
  return (
    <div class="value-parts">
      {targets.length > 1 && (
        <select class="prefix" aria-label={`${label}: type`} value={type} onChange={(event) => setChosen(event.currentTarget.value)}>
          {[...targets].sort().map((target) => (
            <option key={target} value={target}>
              {target}
            </option>
          ))}
        </select>
      )}
      <Combobox
        label={label}
        text={value}
        find={find}
        isRemote
        onChoose={(option) => onChange(option.value)}
        onText={onChange}
        placeholder={type === undefined ? 'URL' : `name or id of a ${type}`}
        invalid={invalid}
      />
    </div>
  );
}
