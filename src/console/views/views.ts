// The views of the console, in the order of the navigation. A new view gets an entry here; its code is a chunk of its own, which is loaded when it is opened.
import { navigate } from '../router.ts';
import type { ViewEntry, ViewModule } from './view.ts';

const loadExplorer = (): Promise<ViewModule> => import('./explorer/explorer.tsx');

/** The types that are looked for most. */
const listExplorerCommands: ViewEntry['commands'] = () =>
  ['Patient', 'Observation', 'ServiceRequest', 'DiagnosticReport', 'Practitioner', 'Task'].map((type) => ({
    title: `Search ${type}`,
    words: 'find explorer',
    icon: 'search',
    run: () => navigate(`/explorer/${type}`),
  }));

export const VIEWS: ViewEntry[] = [
  { path: '/', title: 'Overview', label: 'Overview', icon: 'home', load: () => import('./overview/overview.tsx') },
  {
    path: '/explorer',
    title: 'Explorer',
    label: 'Explorer',
    about: 'Find resources: a search form, the FHIR query that it means, and what it finds.',
    icon: 'search',
    load: loadExplorer,
    commands: listExplorerCommands,
  },
  { path: '/explorer/:type', title: 'Explorer', icon: 'search', load: loadExplorer },
  {
    path: '/orders',
    title: 'Orders',
    label: 'Orders',
    about: 'What became of each laboratory order, with its results.',
    icon: 'orders',
    load: () => import('./orders/orders.tsx'),
    commands: () => [{ title: 'Place an order', words: 'laboratory test new', icon: 'orders', run: () => navigate('/orders?place=1') }],
  },
  { path: '/orders/:id', title: 'Order', icon: 'orders', load: () => import('./orders/order.tsx') },
  {
    path: '/mappings',
    title: 'Mappings',
    label: 'Mappings',
    about: 'How each field of a vendor is read from FHIR, and what is lost.',
    icon: 'mappings',
    load: () => import('./mappings/mappings.tsx'),
    commands: () => [
      { title: 'Find which vendors show an element', words: 'field path', icon: 'search', run: () => navigate('/mappings') },
    ],
  },
  { path: '/mappings/:surface', title: 'Surface', icon: 'mappings', load: () => import('./mappings/surface.tsx') },
  { path: '/mappings/:surface/:shape', title: 'Mapping', icon: 'mappings', load: () => import('./mappings/shape.tsx') },
  { path: '/:type/:id', title: ':type/:id · Faces', icon: 'faces', load: () => import('./faces/faces.tsx') },
  { path: '/:type/:id/history', title: ':type/:id · History', icon: 'faces', load: () => import('./faces/history.tsx') },
  { path: '/:type/:id/references', title: ':type/:id · References', icon: 'faces', load: () => import('./faces/references.tsx') },
  { path: '/components', title: 'Components', icon: 'book', load: () => import('./gallery/gallery.tsx') },
];
