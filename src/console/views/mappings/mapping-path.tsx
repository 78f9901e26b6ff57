// Where a page is among the mappings.
import { findApiTitle } from '../../api/session.ts';
import { toHref } from '../../router.ts';
import { useSignedIn } from '../../session-context.tsx';

export function MappingPath({ surface, shape }: { surface: string; shape?: string }) {
  const vendor = findApiTitle(useSignedIn(), surface);
  return (
    <nav class="mapping-path" aria-label="Place among the mappings">
      <ol>
        <li>
          <a href={toHref('/mappings')}>Mappings</a>
        </li>
        {shape === undefined ? (
          <li aria-current="page">{vendor}</li>
        ) : (
          <>
            <li>
              <a href={toHref(`/mappings/${surface}`)}>{vendor}</a>
            </li>
            <li aria-current="page">{shape}</li>
          </>
        )}
      </ol>
    </nav>
  );
}
