// Reads and checks the options of `facet accounts`. Secrets come from files or standard input, never from the command line, which other users of the machine see.
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { validate as isUuid } from 'uuid';
import { isPanels, isPhysicians, isWebhookSecret } from '../config.ts';
import { tryParseJson } from '../fhir/json-values.ts';
import { resolveJunctionBaseUrl } from '../junction/account.ts';
import { ENVIRONMENT_ACCOUNT } from '../orders/accounts/account-identity.ts';
import { DEFAULT_CONCURRENCY } from '../orders/accounts/lab-account.ts';
import type { LabAccountSettings } from '../store/lab-accounts.ts';
import { AdminError, type Options } from './admin-command.ts';

/** Also the end of the path of its webhooks. */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const DEFAULT_NOTE_LIMIT = 120;

export function parseName(name: string): string {
  if (!NAME.test(name) || name === ENVIRONMENT_ACCOUNT.name)
    throw new AdminError(
      `the name of an account has 1 to 63 lower-case letters, digits or "-", does not begin with "-", and is not ${ENVIRONMENT_ACCOUNT.name}`,
    );
  return name;
}

/** The settings that the options name, else those of `present`. An empty text removes a setting. */
export function parseSettings(options: Options, present: LabAccountSettings, apiKey: string): LabAccountSettings {
  const { baseUrl, panels, labAccounts, defaultPhysicians, physicians, physicianPath, concurrency, noteLimit } = options;
  return {
    ...present,
    ...(baseUrl !== undefined && { baseUrl: parseBaseUrl(apiKey, baseUrl || undefined) }),
    ...(panels !== undefined && { panels: parsePanels(panels) }),
    ...(labAccounts !== undefined && { labAccounts: parseLabAccounts(labAccounts) }),
    ...(defaultPhysicians !== undefined && { defaultPhysicians: parsePhysicians(defaultPhysicians) }),
    ...(physicians !== undefined && { physicians: parseDemand(physicians) }),
    ...(physicianPath !== undefined && { physicianPath: parsePhysicianPath(physicianPath) }),
    ...(concurrency !== undefined && { concurrency: parseNumber('--concurrency', concurrency, 256) }),
    ...(noteLimit !== undefined && { noteLimit: parseNumber('--note-limit', noteLimit, 1000) }),
  };
}

export const buildDefaultSettings = (teamId: string, apiKey: string, baseUrl: string | undefined): LabAccountSettings => ({
  baseUrl: parseBaseUrl(apiKey, baseUrl),
  teamId,
  physicianPath: null,
  panels: {},
  labAccounts: [],
  defaultPhysicians: {},
  physicians: 'optional',
  concurrency: DEFAULT_CONCURRENCY,
  noteLimit: DEFAULT_NOTE_LIMIT,
});

/** The configured URL, or the host of the key's prefix. */
function parseBaseUrl(apiKey: string, url: string | undefined): string {
  if (url !== undefined && (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)))
    throw new AdminError('--base-url must be an absolute URL, https://…');
  return resolveJunctionBaseUrl(apiKey, url, { key: 'the API key', url: '--base-url' });
}

function parsePanels(json: string): Record<string, string[]> {
  const panels = json === '' ? {} : tryParseJson(json);
  if (!isPanels(panels)) throw new AdminError('--panels must be JSON of panels and their lab tests: {"pcos":["<lab test uuid>"]}');
  return panels;
}

function parseLabAccounts(list: string): string[] {
  const ids = list.split(/[\s,]+/).filter(Boolean);
  if (!ids.every((id) => isUuid(id))) throw new AdminError('--lab-accounts must be UUIDs, separated by commas');
  return ids;
}

function parsePhysicians(json: string): Record<string, string> {
  const physicians = json === '' ? {} : tryParseJson(json);
  if (!isPhysicians(physicians))
    throw new AdminError('--default-physicians must be JSON of states and the ids of their Practitioners: {"NY":"<Practitioner id>"}');
  return physicians;
}

function parseDemand(text: string): LabAccountSettings['physicians'] {
  if (text !== 'required' && text !== 'optional') throw new AdminError('--physicians must be required or optional');
  return text;
}

function parsePhysicianPath(path: string): string | null {
  if (path !== '' && !path.startsWith('/')) throw new AdminError('--physician-path must begin with "/"');
  return path || null;
}

function parseNumber(name: string, value: string, most: number): number {
  const number = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > most) throw new AdminError(`${name} must be a whole number from 1 to ${most}`);
  return number;
}

export function parseApiKey(text: string): string {
  if (!/^\S{8,}$/.test(text)) throw new AdminError('the file of --api-key-file must contain one API key');
  return text;
}

export function parseWebhookSecret(text: string): string {
  if (!isWebhookSecret(text)) throw new AdminError('the file of --webhook-secret-file must contain one secret: whsec_ and base64');
  return text;
}

const SECRET_FILES = { apiKeyFile: 'apiKey', webhookSecretFile: 'webhookSecret' };

/** Replaces the names of files by their contents; `-` is standard input. The process with the database may run elsewhere, so this process reads them. */
export async function readSecretFiles(options: Options): Promise<Options> {
  const read = { ...options };
  const files = Object.entries(SECRET_FILES).filter(([option]) => options[option] !== undefined);
  if (files.filter(([option]) => options[option] === '-').length > 1)
    throw new AdminError('only one secret can be read from standard input');
  for (const [option, name] of files) {
    const file = options[option]!;
    read[name] = (file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8')).trim();
    delete read[option];
  }
  return read;
}
