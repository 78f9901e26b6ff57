// Endpoints: method, path, and what they do.
import type { ExplainedShape } from '../../api/mapping-types.ts';

export const EndpointList = ({ endpoints }: Pick<ExplainedShape, 'endpoints'>) => (
  <ul class="endpoints">
    {endpoints.map(({ method, path, summary }) => (
      <li key={method + path}>
        <code class="method">{method}</code>
        <span class="place">
          <code>{path}</code>
          <span class="quiet">{summary}</span>
        </span>
      </li>
    ))}
  </ul>
);
