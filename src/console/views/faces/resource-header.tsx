// The head of all views of one resource: what it is, and the ways to its faces, its history and its references.
import { Badge } from '../../components/badge.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { toHref } from '../../router.ts';

const VIEWS = [
  { name: '', title: 'Faces' },
  { name: 'history', title: 'History' },
  { name: 'references', title: 'References' },
] as const;

interface ResourceHeaderProps {
  type: string;
  id: string;
  current: (typeof VIEWS)[number]['name'];
  version?: string | undefined;
}

export function ResourceHeader({ type, id, current, version }: ResourceHeaderProps) {
  const path = `/${encodeURIComponent(type)}/${encodeURIComponent(id)}`;
  return (
    <header class="resource-header">
      <div class="row">
        <h1>{type}</h1>
        {version !== undefined && <Badge>version {version}</Badge>}
        <span class="resource-id">
          <code>{id}</code>
          <CopyButton text={id} label="Copy the id" />
        </span>
      </div>
      <nav aria-label="Views of this resource">
        {VIEWS.map(({ name, title }) => (
          <a key={name} href={toHref(name ? `${path}/${name}` : path)} aria-current={name === current ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
    </header>
  );
}
