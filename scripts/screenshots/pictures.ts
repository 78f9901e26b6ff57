// Which pictures of the console are taken: each view, and what it shows after a few steps.
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

const FACES = `/Patient/${PATIENT}`;

export const PICTURES: readonly Picture[] = [
  { name: 'sign-in', path: '/', shows: 'h1:has-text("Sign in")', isSignedOut: true },
  { name: 'overview', path: '/', shows: '.changes li' },
  { name: 'commands', path: '/', shows: '.palette', keys: 'Control+k', isWindow: true },
  { name: 'add-key', path: '/', shows: 'dialog input', clicks: ['.account button[aria-label="Add a key"]'], isWindow: true },
  { name: 'explorer', path: '/explorer', shows: '.type-links' },
  { name: 'explorer-type', path: '/explorer/Observation', shows: '.matches td' },
  { name: 'explorer-none', path: '/explorer/Slot', shows: '.empty-state' },
  { name: 'explorer-plan', path: '/explorer/Patient', shows: '.plan td', clicks: ['[role=tab]:has-text("Plan")'] },
  { name: 'explorer-code', path: '/explorer/Patient', shows: '.sample', clicks: ['[role=tab]:has-text("Code")'] },
  { name: 'orders', path: '/orders', shows: '.order-card' },
  { name: 'place-order', path: '/orders?place=1', shows: 'dialog input', isWindow: true },
  { name: 'order', path: `/orders/${ORDERS.completed}`, shows: '.timeline .what:has-text("Report: final")' },
  { name: 'order-waiting', path: `/orders/${ORDERS.collected}`, shows: '.timeline .what:has-text("appointment pending")' },
  { name: 'mappings', path: '/mappings', shows: '.vendor-cards' },
  { name: 'mappings-found', path: '/mappings?find=Patient.telecom', shows: '.mappings td' },
  { name: 'surface', path: '/mappings/jump', shows: '#content [role=tabpanel] :is(li, td)' },
  { name: 'surface-names', path: '/mappings/jump?tab=names', shows: '.mappings td' },
  { name: 'mapping', path: '/mappings/jump/patient', shows: '.mappings td' },
  { name: 'mapping-losses', path: '/mappings/jump/patient?tab=losses', shows: '.losses td' },
  { name: 'mapping-live', path: `/mappings/jump/patient?tab=live&id=${PATIENT}`, shows: '.live-view td' },
  { name: 'mapping-source', path: '/mappings/jump/patient?tab=source', shows: '.cm-line', isWindow: true },
  { name: 'faces', path: FACES, shows: '.json-row', hover: '[aria-label="Loop"] [data-path="date_of_birth"]' },
  { name: 'edit', path: FACES, shows: '.cm-line', clicks: ['[aria-label="FHIR"] button:has-text("Edit")'], isWindow: true },
  { name: 'history', path: `${FACES}/history`, shows: '.version' },
  { name: 'references', path: `${FACES}/references`, shows: '.table-frame td' },
  { name: 'components', path: '/components', shows: '.table-frame td', isLoading: true },
  { name: 'not-found', path: '/nothing/here/at/all', shows: '.empty-state' },
];

/** The pictures of README.md, in docs/images: the name of the file, the picture, and the size of the window. */
export const README_PICTURES: readonly { file: string; picture: string; width: number; height: number }[] = [
  { file: 'console-faces', picture: 'faces', width: 1280, height: 860 },
  { file: 'console-order', picture: 'order', width: 1280, height: 860 },
  { file: 'console-mappings', picture: 'mappings-found', width: 1280, height: 800 },
];
