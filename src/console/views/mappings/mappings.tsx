// The vendors' APIs that this server has: each with its shapes, and a search for the fields that show an element.
import { useState } from 'preact/hooks';
import type { Surface } from '../../api/mapping-types.ts';
import { useRequest } from '../../api/use-request.ts';
import { AddKeyButton } from '../../components/add-key-button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { navigate, toHref, useLocation } from '../../router.ts';
import { useSignedIn } from '../../session-context.tsx';
import { FieldSearch } from './field-search.tsx';
import { findFields } from './find-fields.ts';
import './mappings.css';
import { FoundFields } from './found-fields.tsx';
import { listVendorAccess, loadSurfaces } from './surface-access.ts';

export function View() {
  const session = useSignedIn();
  const loading = useRequest([listVendorAccess(session)], (options) => loadSurfaces(session, options));
  return (
    <>
      <header class="page-header">
        <h1>Mappings</h1>
        <p class="quiet">How the documented JSON of each vendor is read from FHIR and written to it.</p>
      </header>
      <RequestView request={loading} title="Read the mappings" lines={8}>
        {(surfaces) => (surfaces.length ? <Mappings surfaces={surfaces} /> : <NoSurfaces />)}
      </RequestView>
    </>
  );
}

function Mappings({ surfaces }: { surfaces: Surface[] }) {
  const { query } = useLocation();
  const [text, setText] = useState(query.get('find') ?? '');
  const found = findFields(surfaces, text);
  const search = (typed: string): void => {
    setText(typed);
    // what finds nothing may be anything that somebody pasted, so it is not in the URL
    const isName = findFields(surfaces, typed).length > 0;
    navigate(isName ? `/mappings?${new URLSearchParams({ find: typed })}` : '/mappings', { replace: true });
  };
  return (
    <div class="mappings">
      <FieldSearch surfaces={surfaces} text={text} onText={search} />
      {text.trim() === '' ? (
        <section class="vendor-cards" aria-label="Vendors">
          {surfaces.map((surface) => (
            <VendorCard key={surface.surface} surface={surface} />
          ))}
        </section>
      ) : (
        <FoundFields surfaces={surfaces} text={text} found={found} />
      )}
    </div>
  );
}

function VendorCard({ surface: { surface, title, auth, shapes } }: { surface: Surface }) {
  const endpoints = shapes.flatMap((shape) => shape.endpoints).length;
  const types = new Set(shapes.map(({ resource }) => resource)).size;
  return (
    <article class="panel vendor-card" aria-labelledby={`vendor-${surface}`}>
      <header>
        <h2 id={`vendor-${surface}`}>
          <a href={toHref(`/mappings/${surface}`)}>{title}</a>
        </h2>
        <p class="quiet">
          {shapes.length} shapes of {types} FHIR types, {endpoints} endpoints · key in <code>{auth.header}</code>
        </p>
      </header>
      <ul class="shape-links">
        {shapes.map(({ shape, resource }) => (
          <li key={shape}>
            <a href={toHref(`/mappings/${surface}/${shape}`)}>{shape}</a> <span class="quiet">{resource}</span>
          </li>
        ))}
      </ul>
    </article>
  );
}

const NoSurfaces = () => (
  <EmptyState icon="mappings" title="Your session opens no mappings" actions={<AddKeyButton />}>
    <p>They need a key of the FHIR API, or of a vendor’s API for that vendor.</p>
  </EmptyState>
);
