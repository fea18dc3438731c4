// Search by name, and filters by the labels that the catalogue has: a form with the ids seek, query, filters,
// levels, chosen and clear.

import { at, element } from "./dom.js";
import { askJson } from "./server.js";

const MOST_LEVELS = 8; // conditions the server takes at a time

// A condition is spelled gender=Men; what would be read as something else is not offered.
const isSpellable = (text) => text.trim() !== "" && !/[=!<>]/.test(text);
const isOneValue = (text) => text.trim() !== "" && !text.includes(",");

// Calls `changed` when something else is looked for.
export function openFilters(changed) {
  at("seek").addEventListener("submit", (event) => {
    event.preventDefault();
    changed();
  });
  at("query").addEventListener("search", ({ target }) => target.value === "" && changed()); // the field's cross
  at("levels").addEventListener("change", () => {
    tellChosen();
    changed();
  });
  at("clear").addEventListener("click", () => {
    for (const input of inputs()) input.value = "";
    tellChosen();
    changed();
  });
  return fillLevels();
}

export const query = () => at("query").value.trim();

export const conditions = () =>
  inputs()
    .filter(({ value }) => value !== "")
    .map(({ dataset, value }) => `${dataset.level}${dataset.operator}${value}`);

// What is looked for, as parameters of /v1/items.
export function parameters(more = {}) {
  const asked = new URLSearchParams(more);
  if (query()) asked.set("q", query());
  for (const condition of conditions()) asked.append("where", condition);
  return asked;
}

const inputs = () => [...at("levels").querySelectorAll("select, input")];

function tellChosen() {
  const { length } = conditions();
  at("chosen").textContent = length ? ` (${length})` : "";
  at("clear").hidden = length === 0;
}

async function fillLevels() {
  const { levels } = await askJson("/v1/labels");
  const choices = levels.filter(({ level, labels, numeric }) => isSpellable(level) && (labels.length > 1 || numeric));
  at("levels").replaceChildren(...choices.slice(0, MOST_LEVELS).map(choice));
  at("filters").hidden = choices.length === 0;
  return choices;
}

function choice({ level, labels, numeric }) {
  const title = element("span", { textContent: numeric ? `${level}, at most` : level });
  const input = numeric
    ? element("input", { type: "number", step: "any", placeholder: "any" })
    : element("select", {}, [
      element("option", { value: "", textContent: "any" }),
      ...labels
        .filter(({ label }) => isOneValue(label))
        .map(({ label, items }) => element("option", { value: label, textContent: `${label} (${items})` })),
    ]);
  input.dataset.level = level;
  input.dataset.operator = numeric ? "<=" : "=";
  return element("label", { className: "field" }, [title, input]);
}
