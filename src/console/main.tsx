// The entry of the console: starts the application in its page.
import { render } from 'preact';
import '../design/tokens.css';
import './styles/base.css';
import './styles/components.css';
import './styles/layout.css';
import { App } from './app.tsx';
import { applyTheme, readTheme } from './theme.ts';

applyTheme(readTheme());
render(<App />, document.getElementById('app')!);
