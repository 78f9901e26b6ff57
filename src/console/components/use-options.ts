// The options of a combobox for what is typed: at once from a list, or from the server after a pause, without answers to earlier texts.
import { useLayoutEffect, useState } from 'preact/hooks';
import type { ReadOptions } from '../api/request.ts';

export interface ComboboxOption {
  value: string;
  title: string;
  /** What it is, in a quieter colour. */
  hint?: string | undefined;
}

/** Finds the options for a text. A promise is for the server: it is asked after a pause. */
export type FindOptions = (text: string, options: ReadOptions) => ComboboxOption[] | Promise<ComboboxOption[]>;

export interface FoundOptions {
  options: ComboboxOption[];
  /** What to show instead of options. */
  note: string | undefined;
  /** What they were found for: while others are looked for, none of them is chosen by Enter. */
  text: string;
}

const PAUSE_MS = 200;
/** More would not be read, but the text narrowed down. */
const MAX_OPTIONS = 100;

export function useOptions(find: FindOptions, text: string, isOpen: boolean, { isRemote }: { isRemote: boolean }): FoundOptions {
  const [found, setFound] = useState<FoundOptions>({ options: [], note: undefined, text: '' });
  // a list that is there already is shown before the next key
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    const controller = new AbortController();
    const show = (next: FoundOptions): void => {
      if (!controller.signal.aborted) setFound(next);
    };
    const load = (): void => {
      const options = find(text, { signal: controller.signal });
      if (!(options instanceof Promise)) show(limit(options, text));
      else
        options
          .then((later) => show(limit(later, text)))
          .catch(() => show({ options: [], note: 'The options cannot be loaded. Type the value.', text }));
    };
    if (!isRemote) load();
    else setFound((before) => ({ ...before, note: 'Searching …' }));
    const timer = isRemote ? setTimeout(load, PAUSE_MS) : undefined;
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [find, text, isOpen, isRemote]);
  return found;
}

function limit(options: ComboboxOption[], text: string): FoundOptions {
  const rest = options.length - MAX_OPTIONS;
  const note = options.length === 0 ? 'Nothing found.' : rest > 0 ? `${rest} more: type to narrow them down.` : undefined;
  return { options: options.slice(0, MAX_OPTIONS), note, text };
}

/** The options that contain each word of the text; those that begin with it first. */
export function filterOptions(options: readonly ComboboxOption[], text: string): ComboboxOption[] {
  const wanted = text.trim().toLowerCase();
  const words = wanted.split(/\s+/);
  const isFound = ({ value, title, hint = '' }: ComboboxOption): boolean => {
    const all = `${value} ${title} ${hint}`.toLowerCase();
    return words.every((word) => all.includes(word));
  };
  const rank = ({ value, title }: ComboboxOption): number =>
    title.toLowerCase() === wanted ? 0 : [title, value].some((one) => one.toLowerCase().startsWith(wanted)) ? 1 : 2;
  const found = options.filter(isFound);
  return wanted === '' ? found : found.sort((one, other) => rank(one) - rank(other));
}
