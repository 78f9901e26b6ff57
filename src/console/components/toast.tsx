// Shows a short message from anywhere: the region of the page listens.
export interface ToastMessage {
  text: string;
  tone?: 'good' | 'bad';
  action?: { label: string; run: () => void };
  /** It says nothing of a tenant, and stays when the tenant of the page changes. */
  isForAnyTenant?: boolean;
}

export const TOAST_SHOWN = 'facet:toast';

export const showToast = (message: ToastMessage): void => void window.dispatchEvent(new CustomEvent(TOAST_SHOWN, { detail: message }));
