// Elements of a page. Everything that comes from elsewhere is set as text or as an attribute, never as markup.

export const at = (id) => document.getElementById(id);

export function element(tag, properties = {}, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawn(tag, attributes = {}, children = []) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export const percent = (fraction, digits = 0) => `${(100 * fraction).toFixed(digits)}%`;

export const counted = (number, one, many = `${one}s`) =>
  `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

// A white mat with an item's photo on it.
export const mat = ({ photo_url: src }, alt = "") =>
  element("span", { className: "mat" }, [element("img", { src, alt, draggable: false })]);
