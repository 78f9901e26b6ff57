// The icons of the console: lines on a grid of 16, in the colour of the text. They are decoration: a name stands beside each or in its label.
const PATHS = {
  home: 'M2.5 7.5 8 3l5.5 4.5M4 6.5V13h3v-3h2v3h3V6.5',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zm3.6-1.4L14 14',
  faces: 'M8 2l5.5 3.2v5.6L8 14l-5.5-3.2V5.2zM8 8l5.5-2.8M8 8v6M8 8 2.5 5.2',
  orders: 'M6 2h4M7 2v4.5L3.5 12a1.3 1.3 0 0 0 1.1 2h6.8a1.3 1.3 0 0 0 1.1-2L9 6.5V2M5 10h6',
  mappings: 'M2 4h4M2 8h4M2 12h4M10 4h4M10 8h4M10 12h4M6.5 4l3 4M6.5 8h3M6.5 12l3-4',
  book: 'M3 3h4a1 1 0 0 1 1 1v9.5M13 3H9a1 1 0 0 0-1 1M3 3v9.5h4a1 1 0 0 1 1 1 1 1 0 0 1 1-1h4V3',
  menu: 'M2 4h12M2 8h12M2 12h12',
  close: 'M3.5 3.5l9 9m0-9l-9 9',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.5A5.5 5.5 0 0 1 6.5 2.5a5.5 5.5 0 1 0 7 7z',
  screen: 'M2 3h12v8H2zM6 14h4M8 11v3',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'M3 8.5 6.5 12 13 4.5',
  warning: 'M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.7v.1',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5.2v.1',
  arrow: 'M3 8h10M9 4l4 4-4 4',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.5V6H9.5',
  enter: 'M10 2.5h3v11h-3M2.5 8H9M6.5 5l3 3-3 3',
  exit: 'M6 2.5H3v11h3M10 5l3 3-3 3M13 8H6',
  key: 'M10.5 9a3.5 3.5 0 1 0-3.3-2.3L2 12v2h2.5v-1.5H6V11h1.5l1.2-1.2c.5.1 1.1.2 1.8-.8z',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name, size = 16 }: { name: IconName; size?: number }) => (
  <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d={PATHS[name]} />
  </svg>
);
