// A graph: what refers to the resource at the left, the resource in the middle, what it refers to at the right. Below each other on a narrow screen.
import { useMedia } from '../../components/use-media.ts';
import { navigate, toHref } from '../../router.ts';
import type { ReferenceNode } from './reference-list.ts';

interface ReferenceGraphProps {
  own: string;
  incoming: ReferenceNode[];
  outgoing: ReferenceNode[];
}

interface Place {
  x: number;
  y: number;
}

const NODE = { width: 276, height: 48 };
const GAP = { x: 90, y: 14 };
const NARROW = '(max-width: 1100px)';

export function ReferenceGraph({ own, incoming, outgoing }: ReferenceGraphProps) {
  const isNarrow = useMedia(NARROW);
  const { width, height, center, left, right } = isNarrow
    ? stack(incoming.length, outgoing.length)
    : spread(incoming.length, outgoing.length);
  return (
    <svg class="reference-graph" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-label={`References of ${own}`}>
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 8 4 0 8z" />
        </marker>
      </defs>
      {left.map((place, at) => (
        <Edge key={at} from={place} to={center} isNarrow={isNarrow} />
      ))}
      {right.map((place, at) => (
        <Edge key={at} from={center} to={place} isNarrow={isNarrow} />
      ))}
      <Node node={{ title: own.split('/')[0]!, note: own.split('/')[1]! }} place={center} isOwn />
      {incoming.map((node, at) => (
        <Node key={`${node.title} ${node.note}`} node={node} place={left[at]!} />
      ))}
      {outgoing.map((node, at) => (
        <Node key={`${node.title} ${node.note}`} node={node} place={right[at]!} />
      ))}
    </svg>
  );
}

interface GraphLayout {
  width: number;
  height: number;
  center: Place;
  left: Place[];
  right: Place[];
}

const STEP = NODE.height + GAP.y;

/** Three columns; a side without references has none. */
function spread(incoming: number, outgoing: number): GraphLayout {
  const rows = Math.max(incoming, outgoing, 1);
  const column = (count: number, x: number): Place[] =>
    Array.from({ length: count }, (_, at) => ({ x, y: ((rows - count) * STEP) / 2 + at * STEP + 2 }));
  const center = incoming > 0 ? 2 + NODE.width + GAP.x : 2;
  const last = outgoing > 0 ? center + NODE.width + GAP.x : center;
  return {
    width: last + NODE.width + 2,
    height: rows * STEP - GAP.y + 4,
    center: column(1, center)[0]!,
    left: column(incoming, 2),
    right: column(outgoing, last),
  };
}

/** One column, with the lines at its left. */
function stack(incoming: number, outgoing: number): GraphLayout {
  const x = 44;
  const at = (row: number): Place => ({ x, y: row * STEP + 2 });
  return {
    width: x + NODE.width + 2,
    height: (incoming + outgoing + 1) * STEP - GAP.y + 4,
    center: at(incoming),
    left: Array.from({ length: incoming }, (_, row) => at(row)),
    right: Array.from({ length: outgoing }, (_, row) => at(incoming + 1 + row)),
  };
}

function Edge({ from, to, isNarrow }: { from: Place; to: Place; isNarrow: boolean }) {
  const [start, end] = [from.y + NODE.height / 2, to.y + NODE.height / 2];
  const bend = isNarrow ? Math.min(36, 14 + Math.abs(end - start) / 16) : GAP.x / 2;
  const path = isNarrow
    ? `M${from.x} ${start}C${from.x - bend} ${start} ${to.x - bend} ${end} ${to.x} ${end}`
    : `M${from.x + NODE.width} ${start}C${from.x + NODE.width + bend} ${start} ${to.x - bend} ${end} ${to.x} ${end}`;
  return <path class="edge" d={path} marker-end="url(#arrow)" />;
}

function Node({ node, place: { x, y }, isOwn = false }: { node: ReferenceNode; place: Place; isOwn?: boolean }) {
  const { title, note, target } = node;
  const content = (
    <>
      <rect x={x} y={y} width={NODE.width} height={NODE.height} rx="6" />
      <text x={x + 12} y={y + 20} class="title">
        {shorten(title, 42)}
      </text>
      <text x={x + 12} y={y + 38} class="note">
        {shorten(note, 36)}
      </text>
    </>
  );
  const classes = isOwn ? 'node own' : 'node';
  if (target === undefined) return <g class={classes}>{content}</g>;
  return (
    <a class={classes} href={toHref(`/${target}`)} onClick={(event) => follow(event, `/${target}`)}>
      {content}
    </a>
  );
}

/** The router follows links of HTML only. */
function follow(event: MouseEvent, path: string): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(path);
}

const shorten = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);
