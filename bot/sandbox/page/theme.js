// @ts-check
/** Dark or light: as the system says, until somebody chooses. */

const THEMES = ["auto", "light", "dark"];
const NAMES = { auto: "as the system", light: "light", dark: "dark" };

/** @param {HTMLElement} button cycles through the themes */
export function startTheme(button) {
  let theme = localStorage.getItem("theme") ?? "auto";
  const show = () => {
    document.documentElement.dataset.theme = theme;
    const label = `Colours: ${NAMES[theme]}. Change`;
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    localStorage.setItem("theme", theme);
    show();
  });
  show();
}
