// A text input with a list of options that follows what is typed. https://www.w3.org/WAI/ARIA/apg/patterns/combobox/examples/combobox-autocomplete-list/
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { type ComboboxOption, type FindOptions, type FoundOptions, useOptions } from './use-options.ts';

interface ComboboxProps {
  label: string;
  /** What is chosen, as text. */
  text: string;
  find: FindOptions;
  onChoose: (option: ComboboxOption) => void;
  /** Set if any text is a value: called while it is typed. Without it only options can be chosen. */
  onText?: ((text: string) => void) | undefined;
  /** Whether `find` asks the server. */
  isRemote?: boolean;
  placeholder?: string | undefined;
  invalid?: boolean | undefined;
  autoFocus?: boolean;
}

export function Combobox(props: ComboboxProps) {
  const { label, text, onText, placeholder, invalid, autoFocus = false } = props;
  const { draft, isOpen, open, at, found, type, close, choose, steer } = useCombobox(props);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    if (autoFocus) input.current?.focus();
  }, [autoFocus]);
  return (
    <div class="combobox">
      <input
        ref={input}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-label={label}
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && at >= 0 && at < found.options.length ? `${id}-${at}` : undefined}
        aria-invalid={invalid || undefined}
        placeholder={placeholder}
        value={onText ? text : (draft ?? text)}
        onInput={(event) => type(event.currentTarget.value)}
        onFocus={(event) => {
          // what is typed takes the place of what is chosen
          if (!onText) event.currentTarget.select();
        }}
        onClick={open}
        onBlur={close}
        onKeyDown={steer}
      />
      <OptionList id={id} label={label} isOpen={isOpen} found={found} at={at} choose={choose} />
    </div>
  );
}

/** What is typed, whether the list is open, and which of its options is marked. */
function useCombobox({ find, onChoose, onText, isRemote = false }: ComboboxProps) {
  const [draft, setDraft] = useState<string>();
  const [isOpen, setIsOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const found = useOptions(find, draft ?? '', isOpen, { isRemote });
  const open = (): void => setIsOpen(true);
  const close = (): void => {
    setIsOpen(false);
    setDraft(undefined);
    setAt(-1);
  };
  const choose = (option: ComboboxOption): void => {
    onChoose(option);
    close();
  };
  const type = (typed: string): void => {
    setDraft(typed);
    setIsOpen(true);
    setAt(onText || typed === '' ? -1 : 0);
    onText?.(typed);
  };
  const options = found.text === (draft ?? '') ? found.options : [];
  const steer = buildSteering({ isOpen, options, isStrict: !onText, at, setAt, open, close, choose });
  return { draft, isOpen, open, at, found, type, close, choose, steer };
}

interface Steering {
  isOpen: boolean;
  options: ComboboxOption[];
  /** Only options can be chosen: Enter in an open list does nothing else. */
  isStrict: boolean;
  at: number;
  setAt: (at: number) => void;
  open: () => void;
  close: () => void;
  choose: (option: ComboboxOption) => void;
}

/** The keys: arrows move, Enter chooses, Escape closes the list. */
function buildSteering({ isOpen, options, isStrict, at, setAt, open, close, choose }: Steering): (event: KeyboardEvent) => void {
  return (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!isOpen) return open();
      const count = Math.max(options.length, 1);
      setAt(at < 0 && step < 0 ? count - 1 : (at + step + count) % count);
    } else if (event.key === 'Enter' && isOpen && (options[at] || isStrict)) {
      event.preventDefault();
      if (options[at]) choose(options[at]);
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
}

interface OptionListProps {
  id: string;
  label: string;
  isOpen: boolean;
  found: FoundOptions;
  at: number;
  choose: (option: ComboboxOption) => void;
}

function OptionList({ id, label, isOpen, found: { options, note }, at, choose }: OptionListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }), [at]);
  return (
    <div class={isOpen ? 'combobox-popup' : 'combobox-popup closed'}>
      <div ref={list} role="listbox" id={`${id}-list`} aria-label={label}>
        {isOpen &&
          options.map((option, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox
            <div
              key={`${option.value} ${option.title}`}
              role="option"
              tabIndex={-1}
              id={`${id}-${index}`}
              aria-selected={index === at}
              // the focus stays in the input
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(option)}
            >
              <span>{option.title}</span>
              {option.hint && <span class="option-hint">{option.hint}</span>}
            </div>
          ))}
      </div>
      <p class="combobox-note" role="status">
        {isOpen && note}
      </p>
    </div>
  );
}
