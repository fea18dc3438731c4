// What the shop has, page by page: look, add, change, remove, undo.

import { at, counted, element, mat } from "./dom.js";
import { conditions, openFilters, parameters, query } from "./filters.js";
import { openSheet } from "./sheet.js";
import { askJson, write } from "./server.js";
import { openTrends } from "./trends.js";
import { openTypes } from "./types.js";

const LIMIT = 24;

let offset = 0;
let total = 0;
let levels = [];

const address = (id) => `/v1/items/${encodeURIComponent(id)}`;

// Looking

async function show({ moveFocus = false } = {}) {
  const asked = parameters({ offset, limit: LIMIT });
  const page = await askJson(`/v1/items?${asked}`);
  if (String(asked) !== String(parameters({ offset, limit: LIMIT }))) return; // something else is looked for by now
  total = page.total;
  if (offset >= total && offset > 0) {
    offset = Math.floor(Math.max(0, total - 1) / LIMIT) * LIMIT;
    return show({ moveFocus });
  }
  at("items").replaceChildren(...page.items.map(card));
  const narrowed = query() || conditions().length;
  at("count").textContent = narrowed ? `${counted(total, "item")} found` : counted(total, "item");
  at("pager").hidden = total <= LIMIT;
  at("place").textContent = `${offset + 1}–${offset + page.items.length} of ${total.toLocaleString("en")}`;
  at("before").disabled = offset === 0;
  at("after").disabled = offset + LIMIT >= total;
  if (moveFocus) {
    at("items-title").focus({ preventScroll: true });
    at("seek").scrollIntoView();
  }
}

function card(item) {
  const labels = Object.values(item.labels).join(" · ");
  const button = element("button", { type: "button", className: "piece" }, [
    mat(item),
    element("span", { className: "name", textContent: item.name || item.id }),
    element("span", { className: "similarity", textContent: labels }),
    element("span", { className: "more", textContent: "Change" }),
  ]);
  button.addEventListener("click", () => change(item));
  return element("li", {}, [button]);
}

// Changing

function change(item) {
  openSheet({
    item,
    levels,
    save: async ({ name, labels, photo }) => {
      if (photo) await put(item.id, { name, labels, photo });
      else {
        const gone = Object.keys(item.labels).filter((level) => !(level in labels));
        const changes = { ...labels, ...Object.fromEntries(gone.map((level) => [level, null])) };
        await write("PATCH", address(item.id), { name, labels: changes });
      }
      await done(`“${name}” is saved.`);
    },
    remove: async () => {
      await write("DELETE", address(item.id));
      await done(`“${item.name}” is removed.`);
    },
  });
}

function add() {
  const id = newId(); // the same one when it is tried again
  openSheet({
    levels,
    save: async (values) => {
      await put(id, values);
      await done(`“${values.name}” is added.`);
    },
  });
}

function put(id, { name, labels, photo }) {
  const form = new FormData();
  form.append("photo", photo, photo.name);
  form.append("name", name);
  form.append("labels", JSON.stringify(labels));
  return write("PUT", address(id), form);
}

// crypto.randomUUID is only there for pages that came by TLS or from this computer.
const newId = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function undo() {
  await write("POST", "/v1/catalogue/undo");
  await done("The last change is undone. Undoing again brings it back.");
}

async function done(told) {
  tell(told);
  await show();
}

function tell(told) {
  at("alert").hidden = true;
  at("notice").textContent = told;
}

function fail(error) {
  at("notice").textContent = "";
  at("alert").textContent = error.message;
  at("alert").hidden = false;
}

// Together

const turn = (by) => {
  offset = Math.max(0, offset + by);
  show({ moveFocus: true }).catch(fail);
};
at("before").addEventListener("click", () => turn(-LIMIT));
at("after").addEventListener("click", () => turn(LIMIT));
at("add").addEventListener("click", add);
at("undo").addEventListener("click", () => undo().catch(fail));

openFilters(() => {
  offset = 0;
  show().catch(fail);
})
  .then((known) => {
    levels = known.map(({ level }) => level);
  })
  .catch(fail);
show().catch(fail);
const { showTypes, nameType } = openTypes(tell, fail);
showTypes().catch((error) => {
  if (error.status === 404) at("types-section").hidden = at("trends-section").hidden = true;
  else fail(error);
});
openTrends(nameType);
