// Where to go on.
import { Icon, type IconName } from '../../components/icons.tsx';
import { toHref } from '../../router.ts';
import type { ViewEntry } from '../view.ts';

interface Step {
  href: string;
  icon: IconName;
  title: string;
  text: string;
}

const PAGES: Step[] = [
  { href: '/docs', icon: 'book', title: 'API reference', text: 'Every operation of every face, to read and to try.' },
  { href: '/fhir/R4/metadata', icon: 'info', title: 'CapabilityStatement', text: 'What the FHIR API serves, for programs.' },
];

const toSteps = (views: ViewEntry[]): Step[] =>
  views.flatMap(({ path, label, icon, about }) =>
    label !== undefined && path !== '/' ? [{ href: toHref(path), icon, title: label, text: about ?? '' }] : [],
  );

export const NextSteps = ({ views }: { views: ViewEntry[] }) => (
  <section class="panel" aria-labelledby="next">
    <h2 id="next">Where to go on</h2>
    <ul class="next-steps">
      {[...toSteps(views), ...PAGES].map(({ href, icon, title, text }) => (
        <li key={href}>
          <Icon name={icon} size={20} />
          <span>
            <a href={href}>{title}</a>
            <span class="quiet">{text}</span>
          </span>
        </li>
      ))}
      <li>
        <Icon name="search" size={20} />
        <span>
          <span>
            <kbd>Ctrl</kbd> <kbd>K</kbd>
          </span>
          <span class="quiet">Every view and command by its name.</span>
        </span>
      </li>
    </ul>
  </section>
);
