// The search form: the conditions, and what shapes the result.
import { useRef, useState } from 'preact/hooks';
import { Button } from '../../../components/button.tsx';
import type { Capabilities } from '../query/capabilities.ts';
import { Criterion } from './criterion.tsx';
import { ResultOptions } from './result-options.tsx';
import { createRow, isResultRow, type Row } from './rows.ts';

interface SearchFormProps {
  capabilities: Capabilities;
  type: string;
  rows: Row[];
  /** The id of a row → what the server says about it. */
  problems: ReadonlyMap<number, string>;
  onChange: (rows: Row[]) => void;
}

export function SearchForm({ capabilities, type, rows, problems, onChange }: SearchFormProps) {
  const [added, setAdded] = useState<number>();
  const criteria = rows.filter((row) => !isResultRow(row));
  const add = (): void => {
    const row = createRow();
    setAdded(row.id);
    onChange([...rows, row]);
  };
  const actions = useRef<HTMLDivElement>(null);
  const remove = (row: Row): void => {
    onChange(rows.filter((one) => one.id !== row.id));
    // the button that was pressed is gone then
    actions.current?.querySelector('button')?.focus();
  };
  return (
    <div class="search-form">
      <section aria-labelledby="conditions">
        <h2 id="conditions">Conditions</h2>
        {criteria.length === 0 && <p class="quiet">None: every {type} that you may read is found. All conditions must hold.</p>}
        {criteria.map((row) => (
          <Criterion
            key={row.id}
            capabilities={capabilities}
            type={type}
            row={row}
            problem={problems.get(row.id)}
            autoFocus={row.id === added}
            onChange={(changed) => onChange(rows.map((one) => (one.id === row.id ? changed : one)))}
            onRemove={() => remove(row)}
          />
        ))}
        <div class="row" ref={actions}>
          <Button onClick={add}>Add a condition</Button>
        </div>
      </section>
      <section aria-labelledby="options">
        <h2 id="options">Order and extent</h2>
        <ResultOptions capabilities={capabilities} type={type} rows={rows} problems={problems} onChange={onChange} />
      </section>
    </div>
  );
}
