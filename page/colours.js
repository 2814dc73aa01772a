// SPDX-License-Identifier: MIT
// The colours of the theme, which the style sheet has; plots are painted with them, too.

const THEMES = ["auto", "light", "dark"];

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// changed: called when colours are others
export function themeButton(button, changed) {
  let at = 0;
  const show = () => {
    document.documentElement.dataset.theme = THEMES[at];
    button.textContent = `Theme: ${THEMES[at]}`;
  };
  show();
  button.addEventListener("click", () => {
    at = (at + 1) % THEMES.length;
    show();
    changed();
  });
  // Paper is white.
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.theme = "light";
  });
  addEventListener("afterprint", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}
