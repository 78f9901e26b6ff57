// Light or dark: as the system, or as the user chose here or in the console. It runs before the page is shown, so it is no module.
(() => {
  const NAME = 'facet-theme';
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
  const stored = localStorage.getItem(NAME);
  if (stored === 'light' || stored === 'dark') root.dataset.theme = stored;

  addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    const label = () => {
      button.textContent = isDark() ? 'Light' : 'Dark';
      button.ariaLabel = `Use ${isDark() ? 'light' : 'dark'} colours`;
    };
    button.addEventListener('click', () => {
      const chosen = isDark() ? 'light' : 'dark';
      root.dataset.theme = chosen;
      localStorage.setItem(NAME, chosen);
      label();
    });
    dark.addEventListener('change', label);
    label();
  });
})();
