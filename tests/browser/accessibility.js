// What is wrong for screen readers and keyboards, a sentence per problem. Hidden nodes are nobody's problem.
() => {
  const problems = [];
  const shown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const say = (node, what) => problems.push(`${what}: ${node.outerHTML.slice(0, 120)}`);
  const text = (ids) => ids.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();
  const named = (node) => node.getAttribute("aria-label") || (node.getAttribute("aria-labelledby") && text(node.getAttribute("aria-labelledby")))
    || [...(node.labels ?? [])].map((label) => label.textContent).join("").trim() || node.textContent.trim() || node.title;

  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) problems.push(`id twice: ${id}`);
  for (const name of ["aria-controls", "aria-labelledby", "aria-describedby", "aria-activedescendant"]) {
    for (const node of document.querySelectorAll(`[${name}]`)) {
      for (const id of node.getAttribute(name).split(/\s+/)) if (!document.getElementById(id)) say(node, `${name} names nothing`);
    }
  }
  const controls = "a[href], button, input, select, textarea, [role=option], [role=menuitem], [role=dialog], dialog, [role=region], nav, aside";
  for (const node of document.querySelectorAll(controls)) if (shown(node) && !named(node)) say(node, "no name");
  for (const node of document.querySelectorAll("img")) if (!node.hasAttribute("alt")) say(node, "no alt");
  for (const node of document.querySelectorAll("[tabindex]")) if (node.tabIndex > 0) say(node, "tabindex above 0");
  for (const node of document.querySelectorAll("button button, a button, button a")) say(node, "control inside a control");
  if (document.querySelectorAll("main").length !== 1) problems.push("not exactly one main");
  if (document.querySelectorAll("h1").length !== 1) problems.push("not exactly one h1");
  if (!document.documentElement.lang) problems.push("no language");
  for (const node of document.querySelectorAll("li")) if (!node.closest("ul, ol")) say(node, "li outside a list");
  return problems;
}
