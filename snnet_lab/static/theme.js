// The page's colours change under the window: JupyterLab's theme, VS Code's, or the system's.

const THEMES = ["data-jp-theme-name", "data-jp-theme-light", "data-vscode-theme-id", "class"];

// Calls `changed` then; returns what ends it.
export function watchTheme(changed) {
  const attributes = new MutationObserver(changed);
  const system = matchMedia("(prefers-color-scheme: dark)");
  attributes.observe(document.body, { attributes: true, attributeFilter: THEMES });
  system.addEventListener("change", changed);
  return () => {
    attributes.disconnect();
    system.removeEventListener("change", changed);
  };
}
