// @ts-check
/** Lists that float beside a control: placed in the window, closed by what closes such lists. */

/** Puts a floating node under its anchor, or above where there is more room. */
export function place(popup, anchor, { width = true } = {}) {
  const box = anchor.getBoundingClientRect();
  const below = innerHeight - box.bottom;
  const above = below < 240 && box.top > below;
  const style = popup.style;
  if (width) style.setProperty("min-width", `${Math.min(box.width, innerWidth - 16)}px`);
  style.setProperty("max-height", `${Math.max(120, Math.min(320, (above ? box.top : below) - 12))}px`);
  style.setProperty("left", `${Math.max(8, Math.min(box.left, innerWidth - popup.offsetWidth - 8))}px`);
  style.setProperty("top", above ? "auto" : `${box.bottom + 4}px`);
  style.setProperty("bottom", above ? `${innerHeight - box.top + 4}px` : "auto");
}

/**
 * Closes a floating node on a press elsewhere, on scrolling behind it and on resizing.
 * @returns {() => void} undo
 */
export function closeOnLeave(popup, anchor, close) {
  const outside = (event) => {
    if (!popup.contains(event.target) && !anchor.contains(event.target)) close();
  };
  const scrolled = (event) => {
    if (!popup.contains(event.target)) close();
  };
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("scroll", scrolled, true);
  addEventListener("resize", close);
  return () => {
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("scroll", scrolled, true);
    removeEventListener("resize", close);
  };
}

/** The next index of a list for an arrow key, going round at the ends; null for other keys. */
export function arrowTarget(key, index, length) {
  if (length === 0) return null;
  if (key === "ArrowDown") return (index + 1) % length;
  if (key === "ArrowUp") return (index - 1 + length) % length;
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  return null;
}
