// Tabs: arrow keys move between them. https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface Tab {
  name: string;
  title: ComponentChildren;
}

interface TabsProps {
  label: string;
  tabs: Tab[];
  current: string;
  onSelect: (name: string) => void;
  /** The content of the current tab. */
  children: ComponentChildren;
}

export function Tabs({ label, tabs, current, onSelect, children }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => showTab(list.current), [current]);
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ name }) => name === current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    onSelect(tabs[next]!.name);
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
  };
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map(({ name, title }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === current}
            aria-controls={`${id}-panel`}
            tabIndex={name === current ? 0 : -1}
            onClick={() => onSelect(name)}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${current}`} tabIndex={0}>
        {children}
      </div>
    </div>
  );
}

/** Scrolls the list, and not the page, to the current tab. */
function showTab(list: HTMLElement | null): void {
  const tab = list?.querySelector('[aria-selected=true]')?.getBoundingClientRect();
  if (!list || !tab) return;
  const frame = list.getBoundingClientRect();
  if (tab.left < frame.left) list.scrollLeft -= frame.left - tab.left;
  else if (tab.right > frame.right) list.scrollLeft += tab.right - frame.right;
}
