// What the tests of the console use of a browser's page. https://playwright.dev/docs/api/class-page

export interface Viewport {
  width: number;
  height: number;
}

export interface ConsolePage {
  goto(url: string): Promise<unknown>;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  dblclick(selector: string): Promise<void>;
  hover(selector: string): Promise<void>;
  selectOption(selector: string, option: string | { label: string }): Promise<unknown>;
  waitForSelector(selector: string, options?: { state: 'attached' | 'detached' | 'hidden' | 'visible' }): Promise<unknown>;
  waitForURL(url: RegExp): Promise<unknown>;
  textContent(selector: string): Promise<string | null>;
  inputValue(selector: string): Promise<string>;
  isVisible(selector: string): Promise<boolean>;
  evaluate<T>(script: string): Promise<T>;
  /** Runs the script in each later document, before the document's own scripts. */
  addInitScript(script: string): Promise<void>;
  setViewportSize(size: Viewport): Promise<void>;
  emulateMedia(options: { colorScheme: 'light' | 'dark' | null }): Promise<void>;
  screenshot(options: { path: string; fullPage: boolean; animations?: 'disabled' }): Promise<unknown>;
  reload(): Promise<unknown>;
  goBack(): Promise<unknown>;
  url(): string;
  route(url: string | RegExp, handler: (route: ConsoleRoute) => Promise<void>): Promise<void>;
  unroute(url: string): Promise<void>;
  /** The timers of the page. https://playwright.dev/docs/api/class-clock */
  clock: { install(): Promise<void>; pauseAt(time: number): Promise<void>; resume(): Promise<void>; runFor(ms: number): Promise<void> };
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  context(): { cookies(): Promise<Cookie[]>; clearCookies(): Promise<void>; newCDPSession(page: ConsolePage): Promise<Inspector> };
  close(): Promise<void>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'request', listener: (request: { url(): string; method(): string; postData(): string | null }) => void): void;
  on(event: 'response', listener: (response: { url(): string; text(): Promise<string> }) => void): void;
}

/** https://playwright.dev/docs/api/class-route */
interface ConsoleRoute {
  request(): { method(): string; resourceType(): string };
  continue(): Promise<void>;
  /** Sends the request, without the page. */
  fetch(): Promise<unknown>;
  /** The page gets no response. */
  abort(): Promise<void>;
  fulfill(response: { status: number; headers?: Record<string, string>; body?: string; contentType?: string }): Promise<void>;
}

/** https://chromedevtools.github.io/devtools-protocol/tot/Accessibility/ */
interface Inspector {
  send(method: 'Accessibility.getFullAXTree'): Promise<{ nodes: AccessibilityNode[] }>;
}

/** What a screen reader gets of an element. */
export interface AccessibilityNode {
  nodeId: string;
  /** It gets nothing of it. */
  ignored: boolean;
  role?: { value: string };
  name?: { value: string };
  childIds?: string[];
  /** Of the element: it stays when the element is moved. */
  backendDOMNodeId?: number;
}

interface Cookie {
  name: string;
  value: string;
  httpOnly: boolean;
  secure: boolean;
  sameSite: 'Strict' | 'Lax' | 'None';
  expires: number;
}
