// Rings from the JSON beside them. Click or Enter on a ring zooms into it; on the middle, out again.
"use strict";
(() => {
  const data = document.getElementById("rings");
  const svg = document.getElementById("sunburst");
  if (!data || !svg) return;
  const entries = JSON.parse(data.textContent);
  const said = document.getElementById("sunburst-said");
  const SVG = "http://www.w3.org/2000/svg";
  const DEEPEST = Math.max(...entries.map((entry) => entry.path.length));
  const TOTAL = entries.filter((entry) => entry.path.length === 1).reduce((sum, entry) => sum + entry.photos, 0);
  const HOLE = 70;
  const RADIUS = 290;
  const whole = { path: [], photos: TOTAL, from: 0, to: 1 };
  let shown = whole;

  const inside = (entry, other) => other.path.every((label, depth) => entry.path[depth] === label);
  const parentOf = (entry) =>
    entries.find((other) => other.path.length === entry.path.length - 1 && inside(entry, other)) || whole;
  const hasMore = (entry) => entries.some((other) => other.path.length > entry.path.length && inside(other, entry));
  const words = (entry) =>
    `${entry.path.join(" › ") || "All"}: ${entry.photos.toLocaleString("en")} photos, ` +
    `${((100 * entry.photos) / TOTAL).toFixed(1)} %`;

  function point(turn, radius) {
    const angle = 2 * Math.PI * turn - Math.PI / 2;
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  }

  function ring(from, to, inner, outer) {
    const end = Math.min(to, from + 0.99999);  // a whole turn would end where it begins and show nothing
    const large = end - from > 0.5 ? 1 : 0;
    return `M${point(from, inner)}L${point(from, outer)}A${outer} ${outer} 0 ${large} 1 ${point(end, outer)}` +
      `L${point(end, inner)}A${inner} ${inner} 0 ${large} 0 ${point(from, inner)}Z`;
  }

  function tell(entry) {
    said.textContent = words(entry);
  }

  function make(name, attributes, parent) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  function react(element, entry, target) {
    element.addEventListener("mouseenter", () => tell(entry));
    element.addEventListener("focus", () => tell(entry));
    element.addEventListener("mouseleave", () => tell(shown));
    if (!target) return;
    const go = () => { draw(target); svg.querySelector("[role=button]")?.focus(); };
    element.setAttribute("role", "button");
    element.setAttribute("tabindex", "0");
    element.addEventListener("click", go);
    element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); go(); }
    });
  }

  function draw(entry) {
    shown = entry;
    svg.replaceChildren();
    const depth = entry.path.length;
    const width = (RADIUS - HOLE) / Math.max(1, DEEPEST - depth);
    const middle = make("circle", { r: HOLE - 4, class: "middle", "aria-label": depth ? "Back" : words(whole) }, svg);
    react(middle, entry, depth ? parentOf(entry) : null);
    const label = make("text", { class: "middle-label", y: 5 }, svg);
    label.textContent = entry.path.at(-1) || "All";
    const span = entry.to - entry.from;
    const outermost = entries.filter((other) => other.path.length === 1);
    for (const other of entries) {
      if (other.path.length <= depth || !inside(other, entry)) continue;
      const from = (other.from - entry.from) / span;
      const to = (other.to - entry.from) / span;
      const inner = HOLE + (other.path.length - depth - 1) * width;
      const hue = Math.round((360 * outermost.findIndex((top) => top.path[0] === other.path[0])) / outermost.length);
      const path = make("path", {
        d: ring(from, to, inner, inner + width - 1),
        class: "ring",
        style: `--hue:${hue};--depth:${other.path.length}`,
        "aria-label": words(other),
      }, svg);
      make("title", {}, path).textContent = words(other);
      react(path, other, hasMore(other) ? other : null);
      if (to - from > 0.035) {
        const [x, y] = point((from + to) / 2, inner + width / 2).split(" ");
        const room = Math.max(4, Math.floor(width / 6.5));
        const name = other.path.at(-1);
        const text = make("text", { x, y: Number(y) + 4, class: "ring-label", "aria-hidden": "true" }, svg);
        text.textContent = name.length > room ? `${name.slice(0, room - 1)}…` : name;
      }
    }
    tell(entry);
  }

  draw(whole);
})();
