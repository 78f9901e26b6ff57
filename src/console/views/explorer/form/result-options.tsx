// What comes with the matches, in which order and how many. https://hl7.org/fhir/R4/search.html#return
import { useCallback } from 'preact/hooks';
import { Button } from '../../../components/button.tsx';
import { Combobox } from '../../../components/combobox.tsx';
import { type ComboboxOption, filterOptions } from '../../../components/use-options.ts';
import type { Capabilities } from '../query/capabilities.ts';
import { createRow, type Row } from './rows.ts';

interface ResultOptionsProps {
  capabilities: Capabilities;
  type: string;
  rows: Row[];
  problems: ReadonlyMap<number, string>;
  onChange: (rows: Row[]) => void;
}

const COUNTS = ['10', '20', '50', '100', '500', '1000'];
const TOTALS = { '': 'do not count', estimate: 'estimate', accurate: 'count exactly' };

export function ResultOptions({ capabilities, type, rows, problems, onChange }: ResultOptionsProps) {
  const findValue = (name: string): string => rows.find((row) => row.name === name)?.value ?? '';
  const set = (name: string, value: string): void => {
    const own = rows.find((row) => row.name === name);
    if (value === '') onChange(rows.filter((row) => row !== own));
    else if (own) onChange(rows.map((row) => (row === own ? { ...own, value } : row)));
    else onChange([...rows, createRow(name, value)]);
  };
  const counts = [...new Set([...COUNTS, findValue('_count') || '20'])];
  return (
    <div class="result-options">
      <SortKeys capabilities={capabilities} type={type} value={findValue('_sort')} onChange={(value) => set('_sort', value)} />
      <label class="option">
        <span>Page size</span>
        <select
          value={findValue('_count') || '20'}
          onChange={(event) => set('_count', event.currentTarget.value === '20' ? '' : event.currentTarget.value)}
        >
          {counts.map((count) => (
            <option key={count}>{count}</option>
          ))}
        </select>
      </label>
      <label class="option">
        <span>Total</span>
        <select value={findValue('_total')} onChange={(event) => set('_total', event.currentTarget.value)}>
          {Object.entries({ ...TOTALS, ...(findValue('_total') === 'none' && { none: 'none' }) }).map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <Includes capabilities={capabilities} type={type} rows={rows} onChange={onChange} />
      {rows.map(
        ({ id, name }) =>
          problems.has(id) &&
          /^_(?:sort|count|total|include|revinclude)/.test(name) && (
            <p key={id} class="criterion-note problem">
              {problems.get(id)}
            </p>
          ),
      )}
    </div>
  );
}

const SORTABLE = new Set(['string', 'uri', 'date', 'number', 'quantity', 'token', 'reference']);

interface SortKeysProps {
  capabilities: Capabilities;
  type: string;
  value: string;
  onChange: (value: string) => void;
}

function SortKeys({ capabilities, type, value, onChange }: SortKeysProps) {
  const keys = value === '' ? [] : value.split(',');
  const replace = (at: number, ...by: string[]): void => onChange(keys.toSpliced(at, 1, ...by).join(','));
  const find = useCallback(
    (text: string): ComboboxOption[] => {
      const sortable = (capabilities.types.get(type)?.parameters ?? []).filter(({ kind }) => SORTABLE.has(kind));
      return filterOptions(
        sortable.map(({ code, kind }) => ({ value: code, title: code, hint: kind })),
        text,
      );
    },
    [capabilities, type],
  );
  return (
    <div class="option wide">
      <span>Order by</span>
      {keys.map((key, at) => {
        const isDescending = key.startsWith('-');
        const code = key.replace(/^-/, '');
        return (
          <span key={key} class="chip">
            <code>{code}</code>
            <button
              type="button"
              class="link-button"
              aria-label={`${code}: ${isDescending ? 'descending' : 'ascending'}. Change the direction`}
              onClick={() => replace(at, isDescending ? code : `-${code}`)}
            >
              {isDescending ? '▼' : '▲'}
            </button>
            <Button variant="quiet" icon="close" label={`Do not order by ${code}`} onClick={() => replace(at)} />
          </span>
        );
      })}
      <Combobox
        label="Order by a parameter"
        text=""
        find={find}
        onChoose={(option) => onChange([...keys, option.value].join(','))}
        placeholder={keys.length ? 'then by …' : 'any order'}
      />
    </div>
  );
}

const INCLUDE = /^_(?:rev)?include(?:$|:)/;

/** Resources that the matches refer to, and resources that refer to them. */
function Includes({ capabilities, type, rows, onChange }: Omit<ResultOptionsProps, 'problems'>) {
  const own = rows.filter(({ name }) => INCLUDE.test(name));
  const find = useCallback(
    (text: string): ComboboxOption[] => {
      const { includes = [], revincludes = [] } = capabilities.types.get(type) ?? {};
      return filterOptions(
        [
          ...includes.map((value) => ({ value: `_include=${value}`, title: value, hint: 'they refer to it' })),
          ...revincludes.map((value) => ({ value: `_revinclude=${value}`, title: value, hint: 'refers to them' })),
        ],
        text,
      );
    },
    [capabilities, type],
  );
  const add = ({ value }: ComboboxOption): void => {
    const [name = '', reference = ''] = value.split('=');
    if (!own.some((row) => row.name.startsWith(name) && row.value === reference)) onChange([...rows, createRow(name, reference)]);
  };
  return (
    <div class="option wide">
      <span>Bring along</span>
      {own.map((row) => (
        <span key={row.id} class="chip">
          <code>
            {row.name.startsWith('_rev') ? '← ' : '→ '}
            {row.value}
          </code>
          <button
            type="button"
            class="link-button"
            aria-pressed={row.name.endsWith(':iterate')}
            title="Also from resources that were brought along"
            onClick={() => onChange(rows.map((one) => (one === row ? { ...row, name: toggleIterate(row.name) } : one)))}
          >
            iterate
          </button>
          <Button
            variant="quiet"
            icon="close"
            label={`Do not bring along ${row.value}`}
            onClick={() => onChange(rows.filter((one) => one !== row))}
          />
        </span>
      ))}
      <Combobox label="Bring along (_include, _revinclude)" text="" find={find} onChoose={add} placeholder="nothing else" />
    </div>
  );
}

const toggleIterate = (name: string): string => (name.endsWith(':iterate') ? name.replace(':iterate', '') : `${name}:iterate`);
