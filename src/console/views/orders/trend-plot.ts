// Draws a trend with uPlot: the values as a line, the reference range as a band. It follows the width of its place and the colour scheme.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Bounds } from './observation-values.ts';

/** `at`: in seconds. */
export interface TrendPoint {
  at: number;
  value: number;
}

const HEIGHT = 180;

/** The colour of a design token as the canvas takes it. */
function resolveColour(place: HTMLElement, token: string): string {
  const probe = place.appendChild(document.createElement('span'));
  probe.style.color = `var(${token})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Returns what removes the plot. */
export function drawTrend(place: HTMLElement, points: TrendPoint[], bounds: Bounds | undefined): () => void {
  let plot = build(place, points, bounds);
  const again = (): void => {
    plot.destroy();
    plot = build(place, points, bounds);
  };
  const size = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT }));
  size.observe(place);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', again);
  const theme = new MutationObserver(again);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    size.disconnect();
    theme.disconnect();
    scheme.removeEventListener('change', again);
    plot.destroy();
  };
}

function build(place: HTMLElement, points: TrendPoint[], bounds: Bounds | undefined): uPlot {
  const [ink, line, accent, band] = ['--quiet', '--line', '--accent', '--good-soft'].map((token) => resolveColour(place, token)) as [
    string,
    string,
    string,
    string,
  ];
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '12px system-ui, sans-serif' };
  const options: uPlot.Options = {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_plot, min, max) => findScale(min, max, bounds) } },
    axes: [axis, { ...axis, size: 56 }],
    series: [{}, { stroke: accent, width: 2, points: { show: true, size: 8, fill: accent, stroke: accent } }],
    hooks: { drawClear: [(plot) => fillBand(plot, bounds, band)] },
  };
  return new uPlot(options, [points.map(({ at }) => at), points.map(({ value }) => value)], place);
}

/** The values and the range, with some room. */
function findScale(min: number, max: number, bounds: Bounds | undefined): [number, number] {
  const low = Math.min(min, bounds?.low ?? min);
  const high = Math.max(max, bounds?.high ?? max);
  const room = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1;
  return [low >= 0 ? Math.max(low - room, 0) : low - room, high + room];
}

function fillBand({ ctx, bbox, valToPos }: uPlot, bounds: Bounds | undefined, colour: string): void {
  if (!bounds) return;
  const clamp = (y: number): number => Math.min(Math.max(y, bbox.top), bbox.top + bbox.height);
  const top = bounds.high === undefined ? bbox.top : clamp(valToPos(bounds.high, 'y', true));
  const bottom = bounds.low === undefined ? bbox.top + bbox.height : clamp(valToPos(bounds.low, 'y', true));
  ctx.save();
  ctx.fillStyle = colour;
  ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  ctx.restore();
}
