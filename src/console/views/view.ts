// What a view tells the shell about itself.
import type { ComponentType } from 'preact';
import type { Session } from '../api/session.ts';
import type { Command } from '../components/command-palette.tsx';
import type { IconName } from '../components/icons.tsx';

export interface ViewProps {
  /** The parameters of its path. */
  params: Record<string, string>;
  /** All views. */
  views: ViewEntry[];
}

/** What the chunk of a view exports. */
export interface ViewModule {
  View: ComponentType<ViewProps>;
}

export interface ViewEntry {
  /** Below /console (`/orders/:id`). Of several that match, the one with the fewest parameters is shown. */
  path: string;
  /** The title of the page, with parameters of its path (`:id`). Never patient data. */
  title: string;
  /** Present: it is in the navigation. */
  label?: string;
  /** What it is for, in one sentence: for the overview. */
  about?: string;
  icon: IconName;
  load: () => Promise<ViewModule>;
  /** Its commands in the palette, besides going there. */
  commands?: (session: Session) => Command[];
}
