// JSON in rows, each of which can be pointed at, by mouse and by keyboard. https://www.w3.org/WAI/ARIA/apg/patterns/treeview/
import { useEffect, useRef, useState } from 'preact/hooks';
import type { HighlightKind } from './lineage.ts';
import type { Row } from './rows.ts';

interface JsonRowsProps {
  label: string;
  rows: Row[];
  findHighlight: (path: string) => HighlightKind | undefined;
  /** Whether a row is the one that the user points at. */
  isTarget: (path: string) => boolean;
  isPinned: (path: string) => boolean;
  /** Whether no face shows a place. */
  isUnshown?: (path: string) => boolean;
  onPoint: (path: string | undefined) => void;
  onPin: (path: string) => void;
}

export function JsonRows(props: JsonRowsProps) {
  const { label, rows, onPoint } = props;
  const own = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string>();
  const paths = rows.filter(({ isEnd }) => !isEnd).map(({ path }) => path);
  const current = active !== undefined && paths.includes(active) ? active : paths[0];
  useEffect(() => scrollToHighlight(own.current));
  const steer = (event: KeyboardEvent): void => {
    const at = paths.indexOf(current ?? '');
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: paths.length - 1 }[event.key];
    const path = to === undefined ? undefined : paths[Math.min(Math.max(to, 0), paths.length - 1)];
    if (event.key === 'Enter' || event.key === ' ') props.onPin(current!);
    else if (path === undefined) return;
    else own.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[paths.indexOf(path)]?.focus();
    event.preventDefault();
  };
  return (
    <div class="json-rows" role="tree" aria-label={label} ref={own} onKeyDown={steer} onMouseLeave={() => onPoint(undefined)}>
      {rows.map((row) =>
        row.isEnd ? (
          <div
            key={`${row.path} end`}
            class="json-row end"
            style={{ '--depth': row.depth }}
            aria-hidden="true"
            onMouseEnter={() => onPoint(row.path)}
          >
            {row.text}
          </div>
        ) : (
          <RowView key={row.path} row={row} isCurrent={row.path === current} onFocus={() => setActive(row.path)} {...props} />
        ),
      )}
    </div>
  );
}

interface RowViewProps extends JsonRowsProps {
  row: Row;
  isCurrent: boolean;
  onFocus: () => void;
}

function RowView({ row, isCurrent, onFocus, findHighlight, isTarget, isPinned, isUnshown, onPoint, onPin }: RowViewProps) {
  const { path, depth, name, text, kind } = row;
  const highlight = findHighlight(path);
  const classes = ['json-row', highlight, isTarget(path) && 'target', isUnshown?.(path) && 'unshown'].filter(Boolean).join(' ');
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the tree
    <div
      role="treeitem"
      class={classes}
      style={{ '--depth': depth }}
      tabIndex={isCurrent ? 0 : -1}
      aria-level={depth + 1}
      aria-selected={isPinned(path)}
      data-path={path}
      onMouseEnter={() => onPoint(path)}
      onFocus={() => {
        onFocus();
        onPoint(path);
      }}
      onBlur={() => onPoint(undefined)}
      onClick={() => onPin(path)}
    >
      {name === undefined ? <span class="unseen">{path} </span> : <span class="key">{name}: </span>}
      <span class={kind}>{text}</span>
    </div>
  );
}

/** Brings what is highlighted into sight, unless the user points at a row of this very list. */
function scrollToHighlight(list: HTMLElement | null): void {
  if (!list || list.matches(':hover') || list.contains(document.activeElement)) return;
  const highlighted = list.querySelector<HTMLElement>('.shows');
  const frame = list.parentElement!;
  if (!highlighted) return;
  const top = highlighted.offsetTop - list.offsetTop;
  if (top >= frame.scrollTop && top + highlighted.offsetHeight <= frame.scrollTop + frame.clientHeight) return;
  frame.scrollTop = top - frame.clientHeight / 3;
}
