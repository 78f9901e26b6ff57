// Chooses the columns of a table: elements that the resources have, and paths that are typed.
import { useId, useState } from 'preact/hooks';
import { Button } from '../../../components/button.tsx';

interface ColumnChooserProps {
  available: string[];
  chosen: string[];
  /** Undefined: the columns to begin with. */
  onChange: (columns: string[] | undefined) => void;
}

export function ColumnChooser({ available, chosen, onChange }: ColumnChooserProps) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  const all = [...new Set([...available, ...chosen])];
  const toggle = (column: string): void => onChange(chosen.includes(column) ? chosen.filter((one) => one !== column) : [...chosen, column]);
  return (
    <div class="columns">
      <button type="button" class="link-button" aria-expanded={isOpen} aria-controls={id} onClick={() => setIsOpen(!isOpen)}>
        Columns ({chosen.length}) <span aria-hidden="true">{isOpen ? '▴' : '▾'}</span>
      </button>
      <div id={id} hidden={!isOpen} class="column-list">
        <fieldset>
          <legend class="unseen">Columns</legend>
          {all.map((column) => (
            <label key={column}>
              <input type="checkbox" checked={chosen.includes(column)} onChange={() => toggle(column)} />
              <code>{column}</code>
            </label>
          ))}
        </fieldset>
        <PathForm add={(path) => onChange([...chosen.filter((one) => one !== path), path])} />
        <Button variant="quiet" onClick={() => onChange(undefined)}>
          Default columns
        </Button>
      </div>
    </div>
  );
}

const PATH = /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)*$/;

function PathForm({ add }: { add: (path: string) => void }) {
  const [path, setPath] = useState('');
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        if (!PATH.test(path)) return;
        add(path);
        setPath('');
      }}
    >
      <input
        type="text"
        aria-label="Path of another column"
        placeholder="another path: name.family"
        spellcheck={false}
        autocomplete="off"
        value={path}
        onInput={(event) => setPath(event.currentTarget.value.trim())}
      />
      <Button type="submit" disabledReason={PATH.test(path) ? undefined : 'Type the path of an element, for example name.family.'}>
        Add
      </Button>
    </form>
  );
}
