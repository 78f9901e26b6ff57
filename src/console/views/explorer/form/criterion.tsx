// One condition of the search: a parameter, how it compares, and its values.
import { Button } from '../../../components/button.tsx';
import { type Capabilities, MODIFIERS, type SearchableParameter } from '../query/capabilities.ts';
import { formatPath, parsePath } from '../query/parameter-path.ts';
import { joinAlternatives, splitAlternatives } from '../query/search-value.ts';
import { PathInput } from './path-input.tsx';
import { findEnd, listSaying, type Row } from './rows.ts';
import { ValueInput } from './value-input.tsx';

interface CriterionProps {
  capabilities: Capabilities;
  type: string;
  row: Row;
  /** What the server says about it. */
  problem: string | undefined;
  onChange: (row: Row) => void;
  onRemove: () => void;
  autoFocus: boolean;
}

export function Criterion({ capabilities, type, row, problem, onChange, onRemove, autoFocus }: CriterionProps) {
  const path = parsePath(row.name);
  const parameter = findEnd(capabilities, type, path);
  const isUnknown = path.code !== '' && !parameter;
  const rename = (name: string): void => {
    const next = findEnd(capabilities, type, parsePath(name));
    // a value of another kind would not be understood
    onChange({ ...row, name, value: next?.kind === parameter?.kind && next?.valueSet === parameter?.valueSet ? row.value : '' });
  };
  return (
    <fieldset class="criterion">
      <legend class="unseen">Condition {row.name}</legend>
      <PathInput
        capabilities={capabilities}
        type={type}
        path={path}
        onChange={rename}
        invalid={problem !== undefined}
        autoFocus={autoFocus && row.name === ''}
      />
      <ModifierSelect
        parameter={parameter}
        modifier={path.modifier}
        onChange={(modifier) =>
          onChange({
            ...row,
            name: formatPath({ ...path, modifier }),
            value: (modifier === 'missing') !== (path.modifier === 'missing') ? '' : row.value,
          })
        }
      />
      {path.code !== '' && (
        <Alternatives
          capabilities={capabilities}
          parameter={parameter}
          modifier={path.modifier}
          row={row}
          invalid={problem !== undefined}
          onChange={(value) => onChange({ ...row, value })}
        />
      )}
      <Button variant="quiet" icon="close" label={`Remove the condition ${row.name}`} onClick={onRemove} />
      {(path.steps.length > 0 || row.value !== '') && listSaying([row]).length === 0 && (
        <p class="criterion-note">
          {path.code === '' ? 'Choose a parameter. Without one' : 'Without a value'} it is not in the query: <code>{row.name}</code>
        </p>
      )}
      {(problem !== undefined || isUnknown) && (
        <p class={problem === undefined ? 'criterion-note' : 'criterion-note problem'}>
          {problem ?? `The server does not list ${path.code}. It may refuse the search.`}
        </p>
      )}
    </fieldset>
  );
}

interface ModifierSelectProps {
  parameter: SearchableParameter | undefined;
  modifier: string;
  onChange: (modifier: string) => void;
}

function ModifierSelect({ parameter, modifier, onChange }: ModifierSelectProps) {
  const known = MODIFIERS[parameter?.kind ?? ''] ?? { '': 'is' };
  const options = { ...known, ...(modifier in known ? {} : { [modifier]: `:${modifier}` }) };
  return (
    <select aria-label="How it compares" value={modifier} disabled={!parameter} onChange={(event) => onChange(event.currentTarget.value)}>
      {Object.entries(options).map(([name, title]) => (
        <option key={name} value={name}>
          {title}
        </option>
      ))}
    </select>
  );
}

interface AlternativesProps {
  capabilities: Capabilities;
  parameter: SearchableParameter | undefined;
  modifier: string;
  row: Row;
  invalid: boolean;
  onChange: (value: string) => void;
}

/** The values, any of which is a match. */
function Alternatives({ row, onChange, parameter, modifier, ...rest }: AlternativesProps) {
  const values = row.name === '_filter' ? [row.value] : splitAlternatives(row.value);
  const replace = (at: number, ...by: string[]): void => onChange(joinAlternatives(values.toSpliced(at, 1, ...by)));
  const takesMore =
    modifier !== 'missing' && parameter !== undefined && parameter.kind !== 'special' && values.every((value) => value !== '');
  return (
    <div class="alternatives">
      {values.map((value, at) => (
        <div key={at} class="alternative">
          {at > 0 && <span class="quiet">or</span>}
          <ValueInput
            {...rest}
            parameter={parameter}
            modifier={modifier}
            label={`Value of ${row.name || 'the parameter'}${at > 0 ? ` (${at + 1})` : ''}`}
            value={value}
            onChange={(changed) => replace(at, changed)}
          />
          {values.length > 1 && (
            <Button variant="quiet" icon="close" label={`Remove the value ${at + 1} of ${row.name}`} onClick={() => replace(at)} />
          )}
        </div>
      ))}
      {takesMore && (
        <button type="button" class="link-button" onClick={() => onChange(joinAlternatives([...values, '']))}>
          or …
        </button>
      )}
    </div>
  );
}
