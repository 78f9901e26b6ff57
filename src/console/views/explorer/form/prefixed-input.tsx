// A date, number or quantity with the way it compares. https://hl7.org/fhir/R4/search.html#prefix
import { useState } from 'preact/hooks';
import {
  formatPrefixed,
  formatQuantity,
  NUMBER_PREFIXES,
  type PrefixedValue,
  parsePrefixed,
  parseQuantity,
  type QuantityValue,
} from '../query/search-value.ts';

interface PartProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  invalid: boolean;
}

interface PrefixedInputProps extends PartProps {
  prefixes: Readonly<Record<string, string>>;
  placeholder: string;
}

export function PrefixedInput({ label, value, onChange, invalid, prefixes, placeholder }: PrefixedInputProps) {
  const parts = parsePrefixed(value);
  const [prefix, keepPrefix] = usePrefix(parts);
  const change = (changed: Partial<PrefixedValue>): void => onChange(formatPrefixed({ ...parts, prefix, ...changed }));
  return (
    <div class="value-parts">
      <PrefixSelect
        label={label}
        prefix={prefix}
        prefixes={prefixes}
        onChange={(chosen) => {
          keepPrefix(chosen);
          change({ prefix: chosen });
        }}
      />
      <Part label={label} value={parts.value} placeholder={placeholder} invalid={invalid} onChange={(text) => change({ value: text })} />
    </div>
  );
}

/** A prefix alone is no value: it is kept here until there is one. */
function usePrefix({ prefix, value }: PrefixedValue): [prefix: string, keep: (prefix: string) => void] {
  const [kept, keep] = useState(prefix);
  return [value === '' ? kept : prefix, keep];
}

/** A quantity: its number, and its unit as code of a system or as it is written. */
export function QuantityInput({ label, value, onChange, invalid }: PartProps) {
  const parts = parseQuantity(value);
  const [prefix, keepPrefix] = usePrefix(parts);
  const change = (changed: Partial<QuantityValue>): void => onChange(formatQuantity({ ...parts, prefix, ...changed }));
  const part = (name: string, of: 'value' | 'unit' | 'system', placeholder: string) => (
    <Part
      label={`${label}: ${name}`}
      value={parts[of]}
      placeholder={placeholder}
      invalid={invalid}
      onChange={(text) => change({ [of]: text })}
    />
  );
  return (
    <div class="value-parts">
      <PrefixSelect
        label={label}
        prefix={prefix}
        prefixes={NUMBER_PREFIXES}
        onChange={(chosen) => {
          keepPrefix(chosen);
          change({ prefix: chosen });
        }}
      />
      {part('number', 'value', '5.4')}
      {part('unit', 'unit', 'unit')}
      {part('system of the unit', 'system', 'any system')}
    </div>
  );
}

interface PrefixSelectProps {
  label: string;
  prefix: string;
  prefixes: Readonly<Record<string, string>>;
  onChange: (prefix: string) => void;
}

const PrefixSelect = ({ label, prefix, prefixes, onChange }: PrefixSelectProps) => (
  <select
    class="prefix"
    aria-label={`${label}: comparison`}
    value={prefix || 'eq'}
    onChange={(event) => onChange(event.currentTarget.value)}
  >
    {Object.entries(prefixes).map(([code, title]) => (
      <option key={code} value={code}>
        {title}
      </option>
    ))}
  </select>
);

const Part = ({ label, value, placeholder, invalid, onChange }: PartProps & { placeholder: string }) => (
  <input
    type="text"
    aria-label={label}
    aria-invalid={invalid || undefined}
    autocomplete="off"
    spellcheck={false}
    placeholder={placeholder}
    value={value}
    onInput={(event) => onChange(event.currentTarget.value.trim())}
  />
);
