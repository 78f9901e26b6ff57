// The input of one value, by the kind of the parameter and its modifier. https://hl7.org/fhir/R4/search.html#ptypes
import { useCallback } from 'preact/hooks';
import { escapeValue } from '../../../api/fhir.ts';
import { Combobox } from '../../../components/combobox.tsx';
import { filterOptions } from '../../../components/use-options.ts';
import type { Capabilities, SearchableParameter } from '../query/capabilities.ts';
import { formatToken, NUMBER_PREFIXES, PREFIXES, parseToken, unescapeValue } from '../query/search-value.ts';
import { expandValueSet } from './expand-value-set.ts';
import { PrefixedInput, QuantityInput } from './prefixed-input.tsx';
import { ReferenceInput } from './reference-input.tsx';

interface ValueInputProps {
  capabilities: Capabilities;
  parameter: SearchableParameter | undefined;
  modifier: string;
  label: string;
  /** One alternative, as it stands in the query. */
  value: string;
  onChange: (value: string) => void;
  invalid: boolean;
}

export function ValueInput(props: ValueInputProps) {
  const { parameter, modifier } = props;
  if (modifier === 'missing') return <MissingInput {...props} />;
  switch (parameter?.kind) {
    case 'date':
      return <PrefixedInput {...props} prefixes={PREFIXES} placeholder="1990-05-31" />;
    case 'number':
      return <PrefixedInput {...props} prefixes={NUMBER_PREFIXES} placeholder="5.4" />;
    case 'quantity':
      return <QuantityInput {...props} />;
    case 'string':
      return <TextInput {...props} placeholder="text" isEscaped />;
    case 'token':
      return <TokenInput {...props} />;
    case 'reference':
      return modifier === 'identifier' ? <TextInput {...props} placeholder="system|value" /> : <ReferenceInput {...props} />;
    default:
      return <TextInput {...props} placeholder={PLACEHOLDERS[parameter?.kind ?? ''] ?? 'value'} />;
  }
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  uri: 'http://… or urn:…',
  composite: 'value$value',
  special: 'as the parameter defines it',
};

function MissingInput({ label, value, onChange }: ValueInputProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {value === '' && <option value="">…</option>}
      <option value="true">yes, it is missing</option>
      <option value="false">no, it has a value</option>
    </select>
  );
}

type TextInputProps = Pick<ValueInputProps, 'label' | 'value' | 'onChange' | 'invalid'> & { placeholder: string; isEscaped?: boolean };

/** `isEscaped`: the text is shown without escapes, and a comma in it separates no alternatives. */
function TextInput({ label, value, onChange, invalid, placeholder, isEscaped = false }: TextInputProps) {
  return (
    <input
      type="text"
      aria-label={label}
      aria-invalid={invalid || undefined}
      autocomplete="off"
      spellcheck={false}
      placeholder={placeholder}
      value={isEscaped ? unescapeValue(value) : value}
      onInput={(event) => onChange(isEscaped ? escapeValue(event.currentTarget.value) : event.currentTarget.value)}
    />
  );
}

/** What the modifiers of tokens take that are no codes. */
const TOKEN_TEXTS: Readonly<Record<string, string>> = {
  text: 'words of the display',
  in: 'URL of a value set',
  'not-in': 'URL of a value set',
  'of-type': 'system|type|value',
};

/** Parameters whose values are telephone numbers and addresses: a system says nothing then. */
const CONTACTS: Readonly<Record<string, string>> = { phone: 'number', email: 'address', telecom: 'number or address' };

function TokenInput(props: ValueInputProps) {
  const { parameter, modifier } = props;
  const placeholder = TOKEN_TEXTS[modifier] ?? CONTACTS[parameter?.code ?? ''];
  if (placeholder !== undefined) return <TextInput {...props} placeholder={placeholder} />;
  return parameter?.valueSet === undefined ? <SystemAndCode {...props} /> : <BoundCode {...props} valueSet={parameter.valueSet} />;
}

/** A code of a value set. Others can be typed. */
function BoundCode({ label, value, onChange, invalid, valueSet }: ValueInputProps & { valueSet: string }) {
  const find = useCallback(async (text: string) => filterOptions(await expandValueSet(valueSet), text), [valueSet]);
  return (
    <Combobox
      label={label}
      text={value}
      find={find}
      onChoose={(option) => onChange(escapeValue(option.value))}
      onText={onChange}
      placeholder="choose a code"
      invalid={invalid}
    />
  );
}

function SystemAndCode({ label, value, onChange, invalid }: ValueInputProps) {
  const token = parseToken(value);
  return (
    <div class="value-parts">
      <TextInput
        label={`${label}: system`}
        value={token.system ?? ''}
        onChange={(system) => onChange(system === '' ? formatToken({ code: token.code }) : formatToken({ ...token, system }))}
        invalid={invalid}
        placeholder={token.system === '' ? 'no system' : 'any system'}
      />
      <TextInput
        label={`${label}: code`}
        value={token.code}
        onChange={(code) => onChange(formatToken({ ...token, code }))}
        invalid={invalid}
        placeholder="code"
      />
    </div>
  );
}
