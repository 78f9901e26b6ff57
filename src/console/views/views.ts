// The views of the console, in the order of the navigation. A new view gets an entry here; its code is a chunk of its own, which is loaded when it is opened.
import type { ViewEntry } from './view.ts';

export const VIEWS: ViewEntry[] = [
  { path: '/', title: 'Overview', label: 'Overview', icon: 'home', load: () => import('./front-door/front-door.tsx') },
  { path: '/components', title: 'Components', icon: 'book', load: () => import('./gallery/gallery.tsx') },
];
