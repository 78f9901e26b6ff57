// The command palette (Ctrl+K, ⌘K): every place and action by its name. https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons.tsx';
import { openModal } from './modals.ts';

export interface Command {
  title: string;
  /** What else it is found by. */
  words?: string;
  icon?: IconName;
  run: () => void;
}

interface CommandPaletteProps {
  commands: Command[];
  onClose: () => void;
}

export function CommandPalette({ commands, onClose }: CommandPaletteProps) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const found = commands.filter((command) => isFound(command, text));
  useLayoutEffect(() => openModal(dialog.current!), []);
  useEffect(() => dialog.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }), [at, text]);
  const run = (command: Command | undefined): void => {
    if (!command) return;
    onClose();
    command.run();
  };
  const steer = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setAt((before) => (before + step + found.length) % Math.max(found.length, 1));
    else if (event.key === 'Enter') run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="palette" aria-label="Commands" onClose={onClose} closedby="any">
      <div class="palette-input">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length ? `${id}-${at}` : undefined}
          aria-label="Search commands"
          placeholder="Where to, or what to do"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={steer}
        />
      </div>
      <div class="palette-list" role="listbox" id={`${id}-list`} aria-label="Commands">
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox
          <div
            key={command.title}
            role="option"
            tabIndex={-1}
            id={`${id}-${index}`}
            aria-selected={index === at}
            onClick={() => run(command)}
          >
            {command.icon && <Icon name={command.icon} />}
            {command.title}
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="quiet palette-none">No command has this name.</p>}
    </dialog>
  );
}

const isFound = ({ title, words = '' }: Command, text: string): boolean => {
  const all = `${title} ${words}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
};
