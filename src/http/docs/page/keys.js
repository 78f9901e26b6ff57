// The API keys of this page: what the user types, or the development keys of a tenant. They are stored in this page's memory only.
import { fill, h } from './dom.js';

/** Surface → the API key that the user typed. */
const typed = new Map();
/** Tenant → surface → key. Empty: not a development server, or not on its machine. */
let development = {};
let tenant = '';
const listeners = new Set();

/** Reads the development keys. The first tenant's are used until the user chooses. */
export async function loadKeys() {
  const answer = await fetch('docs/development-keys.json', { cache: 'no-store' });
  development = answer.ok ? (await answer.json()).tenants : {};
  tenant = Object.keys(development)[0] ?? '';
}

/** The tenants with development keys. */
export const listTenants = () => Object.keys(development);

/** The tenant whose development keys are used; empty: the keys that the user types. */
export const chosenTenant = () => tenant;

/** The key for requests to a surface; empty: none. The console's API takes keys of the FHIR API. */
export const keyOf = (surface) =>
  tenant === '' ? (typed.get(surface) ?? '') : (development[tenant]?.[surface === 'console' ? 'fhir' : surface] ?? '');

/** The key in code samples: a development key, which is no secret, else a variable. */
export const shownKeyOf = (surface) => (tenant === '' ? undefined : keyOf(surface) || undefined);

/** Calls a listener after each change. Only those of the current page are kept. */
export const onKeyChange = (listener) => listeners.add(listener);
export const forgetKeyListeners = () => listeners.clear();
const changed = () => {
  for (const listener of listeners) listener();
};

/** The control in the header: the tenant whose development keys are used, or a field for a key of this surface. */
export function showKeyControl(element, surface) {
  const input = h('input', {
    id: 'key',
    type: 'password',
    autocomplete: 'off',
    spellcheck: false,
    placeholder: 'kept in this page only',
    ariaLabel: 'API key',
    value: typed.get(surface) ?? '',
    oninput: () => {
      typed.set(surface, input.value.trim());
      changed();
    },
  });
  const choose = (event) => {
    tenant = event.target.value;
    showKeyControl(element, surface);
    changed();
    element.querySelector('select').focus();
  };
  const isAlone = listTenants().length === 0;
  fill(element, !isAlone && tenantField(choose), tenant === '' && (isAlone ? h('label', {}, 'API key', input) : input));
}

const tenantField = (onchange) =>
  h('label', {}, 'Keys ', [
    h(
      'select',
      { id: 'tenant', onchange },
      listTenants().map((name) => h('option', { value: name, selected: name === tenant }, `${name} (development)`)),
      h('option', { value: '', selected: tenant === '' }, 'your own'),
    ),
  ]);
