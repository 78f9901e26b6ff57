// Shows a short message from anywhere: the region of the page listens. A message belongs to whoever saw the page when what it tells of was begun.
export interface ToastMessage {
  text: string;
  tone?: 'good' | 'bad';
  action?: { label: string; run: () => void };
  /** It says nothing of a tenant, and stays when the tenant of the page changes. */
  isForAnyTenant?: boolean;
  /** Whom it is for. Default: who sees the page when it is shown. */
  viewer?: Viewer;
}

/** Who sees the page: its session, and whose data that opens. */
export interface Viewer {
  session: string | undefined;
  /** '' for an operator of the installation. Undefined: nobody is signed in. */
  tenant: string | undefined;
}

let viewer: Viewer = { session: undefined, tenant: undefined };

export const nameViewer = (current: Viewer): void => {
  viewer = current;
};

export const readViewer = (): Viewer => viewer;

export const TOAST_SHOWN = 'facet:toast';

export const showToast = (message: ToastMessage): void => void window.dispatchEvent(new CustomEvent(TOAST_SHOWN, { detail: message }));

/** For what takes time: called when it begins, and the result when it has ended. Somebody else may see the page by then, who is told nothing of it. */
export function prepareToast(): (message: ToastMessage) => void {
  const before = viewer;
  return (message) => showToast({ ...message, viewer: before });
}
