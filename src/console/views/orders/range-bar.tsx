// The reference range as a bar, with the value on it. The words beside it say the same.
import type { Bounds } from './observation-values.ts';

const [WIDTH, HEIGHT] = [120, 16];
/** Room at both ends, so that the mark of a value far outside stays visible. */
const MARGIN = 6;

/** The ends of the axis: the range and half of its length at each side. */
function findAxis({ low, high }: Bounds): [from: number, to: number] {
  if (low !== undefined && high !== undefined) {
    const room = (high - low) / 2 || Math.abs(high) || 1;
    return [low - room, high + room];
  }
  if (high !== undefined) return [0, high * 1.5 || 1];
  return [0, (low ?? 1) * 2 || 1];
}

interface RangeBarProps {
  value: number;
  bounds: Bounds;
  tone: 'neutral' | 'warn' | 'bad';
}

export function RangeBar({ value, bounds, tone }: RangeBarProps) {
  const [from, to] = findAxis(bounds);
  const toX = (at: number): number => MARGIN + Math.min(Math.max((at - from) / (to - from), 0), 1) * (WIDTH - 2 * MARGIN);
  const [start, end] = [bounds.low === undefined ? MARGIN : toX(bounds.low), bounds.high === undefined ? WIDTH - MARGIN : toX(bounds.high)];
  return (
    <svg class={`range-bar ${tone}`} width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
      <rect class="axis" x={MARGIN} y={7} width={WIDTH - 2 * MARGIN} height={2} rx={1} />
      <rect class="range" x={start} y={4} width={Math.max(end - start, 2)} height={8} rx={4} />
      <circle class="mark" cx={toX(value)} cy={8} r={4.5} />
    </svg>
  );
}
