// Which pictures of the console are taken: each view, and what it shows after a few steps.
import { listViews, type ViewName } from '../../test/console/list-views.ts';
import { ORDERS, PATIENT } from './demo-server.ts';

export interface Picture {
  name: string;
  /** The path in the console. */
  path: string;
  /** A selector: it is shown when the view has its content. */
  shows: string;
  /** Whether it is of the page before signing in. */
  isSignedOut?: true;
  /** What is clicked first, in order. */
  clicks?: readonly string[];
  /** What the pointer is at, on a screen that is wide enough for a pointer. */
  hover?: string;
  /** What is pressed at the end. */
  keys?: string;
  /** Whether it is of the window alone: the backdrop of a dialog is as large as that, and an editor draws only the lines in sight. */
  isWindow?: true;
  /** Whether it shows the state of loading itself. */
  isLoading?: true;
}

/** What the picture of a view needs besides its path, and what it waits for instead of the content. */
const DETAILS: Partial<Record<ViewName, Partial<Picture>>> = {
  order: { shows: '.timeline .what:has-text("Report: final")' },
  'surface-source': { shows: '.cm-line', isWindow: true },
  'mapping-source': { shows: '.cm-line', isWindow: true },
  faces: { hover: '[aria-label="Loop"] [data-path="date_of_birth"]' },
  edit: { shows: '.cm-line', isWindow: true },
  components: { isLoading: true },
};

export const PICTURES: readonly Picture[] = [
  ...listViews({ patient: PATIENT, order: ORDERS.completed }).map(({ name, path, content }) => ({
    name,
    path,
    shows: content,
    ...DETAILS[name],
  })),
  { name: 'sign-in', path: '/', shows: 'h1:has-text("Sign in")', isSignedOut: true },
  { name: 'commands', path: '/', shows: '.palette', keys: 'Control+k', isWindow: true },
  { name: 'add-key', path: '/', shows: 'dialog input', clicks: ['.account button[aria-label="Add a key"]'], isWindow: true },
  { name: 'explorer-none', path: '/explorer/Slot', shows: '.empty-state' },
  { name: 'explorer-plan', path: '/explorer/Patient', shows: '.plan td', clicks: ['[role=tab]:has-text("Plan")'] },
  { name: 'explorer-code', path: '/explorer/Patient', shows: '.sample', clicks: ['[role=tab]:has-text("Code")'] },
  { name: 'place-order', path: '/orders?place=1', shows: 'dialog input', isWindow: true },
  { name: 'order-waiting', path: `/orders/${ORDERS.collected}`, shows: '.timeline .what:has-text("appointment pending")' },
  { name: 'not-found', path: '/nothing/here/at/all', shows: '.empty-state' },
];

/** The pictures of README.md, in docs/images: the name of the file, the picture, and the size of the window. */
export const README_PICTURES: readonly { file: string; picture: string; width: number; height: number }[] = [
  { file: 'console-faces', picture: 'faces', width: 1280, height: 860 },
  { file: 'console-order', picture: 'order', width: 1280, height: 860 },
  { file: 'console-mappings', picture: 'mappings-found', width: 1280, height: 800 },
];
