// What is shown instead of nothing: why there is nothing, and what to do about it.
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.tsx';

interface EmptyStateProps {
  icon?: IconName;
  title: string;
  /** The explanation. */
  children?: ComponentChildren;
  /** Buttons or links. */
  actions?: ComponentChildren;
  /** Whether it takes the place of a view, and so has its heading. */
  isView?: boolean;
}

export const EmptyState = ({ icon = 'info', title, children, actions, isView = false }: EmptyStateProps) => (
  <div class="empty-state">
    <Icon name={icon} size={24} />
    {isView ? <h1 class="title">{title}</h1> : <p class="title">{title}</p>}
    {children && <div class="text">{children}</div>}
    {actions && <div class="actions">{actions}</div>}
  </div>
);
