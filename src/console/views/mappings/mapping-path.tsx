// Where a page is among the mappings.
import { toHref } from '../../router.ts';

export const MappingPath = ({ surface, shape }: { surface: string; shape?: string }) => (
  <nav class="mapping-path" aria-label="Place among the mappings">
    <ol>
      <li>
        <a href={toHref('/mappings')}>Mappings</a>
      </li>
      {shape === undefined ? (
        <li aria-current="page">{surface}</li>
      ) : (
        <>
          <li>
            <a href={toHref(`/mappings/${surface}`)}>{surface}</a>
          </li>
          <li aria-current="page">{shape}</li>
        </>
      )}
    </ol>
  </nav>
);
