// One vendor's API: where it is, its credential, its endpoints by shape, its names, and its file.
import type { Surface } from '../../api/mapping-types.ts';
import { readSurface } from '../../api/mappings.ts';
import { findApiTitle } from '../../api/session.ts';
import { useRequest } from '../../api/use-request.ts';
import { Badge } from '../../components/badge.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { Table } from '../../components/table.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { navigate, toHref, useLocation } from '../../router.ts';
import { useSignedIn } from '../../session-context.tsx';
import type { ViewProps } from '../view.ts';
import { EndpointList } from './endpoint-list.tsx';
import { MappingPath } from './mapping-path.tsx';
import './mappings.css';
import { SourceTab } from './source-tab.tsx';

export function View({ params: { surface = '' } }: ViewProps) {
  const loading = useRequest([surface], (options) => readSurface(surface, options));
  const documentation = 'data' in loading ? loading.data?.documentation : undefined;
  return (
    <div class="mappings">
      <MappingPath surface={surface} />
      <header class="page-header">
        <h1>{findApiTitle(useSignedIn(), surface)}</h1>
        {documentation !== undefined && (
          <p>
            <a href={documentation} rel="noreferrer" target="_blank">
              The vendor’s documents
            </a>
          </p>
        )}
      </header>
      <RequestView request={loading} title="Read the mappings of this vendor" lines={8}>
        {(read) => <SurfaceView surface={read} />}
      </RequestView>
    </div>
  );
}

const TABS = [
  { name: 'shapes', title: 'Shapes' },
  { name: 'names', title: 'Names' },
  { name: 'source', title: 'Source' },
];

function SurfaceView({ surface }: { surface: Surface }) {
  const { query } = useLocation();
  const wanted = query.get('tab');
  const current = TABS.find(({ name }) => name === wanted)?.name ?? 'shapes';
  const select = (name: string): void => navigate(`/mappings/${surface.surface}?tab=${name}`, { replace: true });
  return (
    <>
      <Access surface={surface} />
      <Tabs label="Parts of the surface" tabs={TABS} current={current} onSelect={select}>
        {current === 'shapes' && <Shapes surface={surface} />}
        {current === 'names' && <Names systems={surface.systems} />}
        {current === 'source' && <SourceTab source={surface.source} schema="surface" line={undefined} />}
      </Tabs>
    </>
  );
}

function Access({ surface: { surface, hosts, mounts, auth } }: { surface: Surface }) {
  return (
    <dl class="facts panel-facts">
      <dt>Credential</dt>
      <dd>
        <code>
          {auth.header}: {auth.scheme === 'bearer' ? 'Bearer ' : ''}
          {auth.prefix}…
        </code>
      </dd>
      <dt>Hosts</dt>
      <dd class="row">
        {hosts.map((host) => (
          <code key={host}>{host}</code>
        ))}
      </dd>
      <dt>Served below</dt>
      <dd class="row">
        {mounts.map((mount) => (
          <code key={mount}>{mount}</code>
        ))}
        <span class="quiet">or the documented paths themselves: the key selects the vendor</span>
      </dd>
      <dt>Try it</dt>
      <dd>
        <a href={`/docs#/${surface}`}>API reference</a>
      </dd>
    </dl>
  );
}

const Shapes = ({ surface: { surface, shapes } }: { surface: Surface }) => (
  <div class="shape-list">
    {shapes.map(({ shape, resource, about, forPatients, endpoints, fields }) => (
      <article key={shape} class="panel" aria-labelledby={`shape-${shape}`}>
        <header class="row">
          <h2 id={`shape-${shape}`}>
            <a href={toHref(`/mappings/${surface}/${shape}`)}>{shape}</a>
          </h2>
          <Badge>{resource}</Badge>
          {forPatients && <Badge tone="accent">for patients’ own keys</Badge>}
          <span class="quiet">{fields.length} fields</span>
        </header>
        {about !== undefined && <p>{about}</p>}
        <EndpointList endpoints={endpoints} />
      </article>
    ))}
  </div>
);

const Names = ({ systems }: { systems: Surface['systems'] }) => (
  <section class="panel" aria-label="Names">
    <p class="quiet">
      In the paths of this vendor’s mappings <code>%name</code> stands for its URL.
    </p>
    <Table
      caption="Names of code systems, identifiers and extensions"
      columns={[
        { title: 'Name', cell: ([name]) => <code>%{name}</code> },
        {
          title: 'URL',
          cell: ([, url]) => (
            <span class="long">
              <code>{url}</code>
            </span>
          ),
        },
      ]}
      rows={Object.entries(systems)}
      keyOf={([name]) => name}
    />
  </section>
);
