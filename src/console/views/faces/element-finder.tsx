// Finds an element of the resource by its name, so that it shows which vendors show it.
import { useId, useState } from 'preact/hooks';
import type { Row } from './rows.ts';

export function ElementFinder({ rows, onFind }: { rows: Row[]; onFind: (path: string) => void }) {
  const id = useId();
  const [text, setText] = useState('');
  const [isMissing, setIsMissing] = useState(false);
  const paths = rows.filter(({ isEnd }) => !isEnd).map(({ path }) => path);
  const choose = (wanted: string): void => {
    const found = findPath(paths, wanted);
    setIsMissing(found === undefined);
    if (found === undefined) return;
    onFind(found);
    setText('');
  };
  return (
    <form
      class="element-finder"
      onSubmit={(event) => {
        event.preventDefault();
        choose(text);
      }}
    >
      <input
        type="text"
        list={`${id}-paths`}
        aria-label="Find an element, and who shows it"
        aria-describedby={`${id}-note`}
        placeholder="Who shows birthDate?"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget: { value } }) => {
          setText(value);
          setIsMissing(false);
          // a path that is chosen from the list needs no Enter
          if (paths.includes(value) && !paths.some((path) => path !== value && path.startsWith(value))) choose(value);
        }}
      />
      <datalist id={`${id}-paths`}>
        {paths.map((path) => (
          <option key={path} value={path} />
        ))}
      </datalist>
      <span id={`${id}-note`} class="finder-note" role="status">
        {isMissing && 'This resource has no such element.'}
      </span>
    </form>
  );
}

/** The path itself, with or without indexes; else the first that contains the text. */
function findPath(paths: string[], wanted: string): string | undefined {
  const plain = (path: string): string => path.replace(/\[\d+\]/g, '').toLowerCase();
  const text = wanted.trim().replace(/^[A-Z]\w*\./, '');
  if (text === '') return undefined;
  return (
    paths.find((path) => path === text) ??
    paths.find((path) => plain(path) === plain(text)) ??
    paths.find((path) => plain(path).includes(plain(text)))
  );
}
