// One shape: its fields, searches and losses, its live view over a stored resource, and its file.
import type { ExplainedShape } from '../../api/mapping-types.ts';
import { explainShape } from '../../api/mappings.ts';
import { useRequest } from '../../api/use-request.ts';
import { Badge } from '../../components/badge.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { navigate, useLocation } from '../../router.ts';
import type { ViewProps } from '../view.ts';
import { EndpointList } from './endpoint-list.tsx';
import { FieldList } from './field-list.tsx';
import { FilterList } from './filter-list.tsx';
import { LiveView } from './live-view.tsx';
import { LossReport } from './loss-report.tsx';
import { MappingPath } from './mapping-path.tsx';
import './mappings.css';
import { SourceTab } from './source-tab.tsx';

export function View({ params: { surface = '', shape = '' } }: ViewProps) {
  const loading = useRequest([surface, shape], (options) => explainShape(surface, shape, options));
  const known = 'data' in loading ? loading.data : undefined;
  return (
    <div class="mappings">
      <MappingPath surface={surface} shape={shape} />
      <header class="page-header">
        <h1>{shape}</h1>
        {known && <Badge>{known.resource}</Badge>}
        {known?.forPatients && <Badge tone="accent">for patients’ own keys</Badge>}
      </header>
      <RequestView request={loading} title="Read the mapping" lines={10}>
        {(explained) => <ShapeView surface={surface} explained={explained} />}
      </RequestView>
    </div>
  );
}

const TABS = ['fields', 'searches', 'losses', 'live', 'source'] as const;

function ShapeView({ surface, explained }: { surface: string; explained: ExplainedShape }) {
  const { about, endpoints, preferences } = explained;
  return (
    <>
      {[about, ...preferences].map((text) => text !== undefined && <p key={text}>{text}</p>)}
      <section class="panel" aria-label="Endpoints">
        <EndpointList endpoints={endpoints} />
      </section>
      <ShapeTabs surface={surface} explained={explained} />
    </>
  );
}

function ShapeTabs({ surface, explained }: { surface: string; explained: ExplainedShape }) {
  const { query } = useLocation();
  const { shape, fields, filters, losses, source } = explained;
  const current = TABS.find((name) => name === query.get('tab')) ?? 'fields';
  const select = (name: string): void => navigate(`/mappings/${surface}/${shape}?tab=${name}`, { replace: true });
  const titles = {
    fields: `Fields (${fields.length})`,
    searches: `Searches (${filters.length})`,
    losses: `Losses (${losses.unshown.length + losses.partial.length + losses.changed.length})`,
    live: 'Live view',
    source: 'Source',
  };
  return (
    <Tabs label="Parts of the mapping" tabs={TABS.map((name) => ({ name, title: titles[name] }))} current={current} onSelect={select}>
      {current === 'fields' && <FieldList fields={fields} />}
      {current === 'searches' && <FilterList filters={filters} resource={explained.resource} />}
      {current === 'losses' && <LossReport losses={losses} resource={explained.resource} />}
      {current === 'live' && <LiveView surface={surface} explained={explained} />}
      {current === 'source' && <SourceTab source={source} schema="mapping" line={readLine(query)} />}
    </Tabs>
  );
}

function readLine(query: URLSearchParams): number | undefined {
  const line = Number(query.get('line'));
  return Number.isInteger(line) && line > 0 ? line : undefined;
}
