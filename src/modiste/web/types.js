// Types the shop recognises: those of its catalogue, and those that were named with a few photos.

import { at, counted, element, percent } from "./dom.js";
import { checkSize } from "./photo.js";
import { ask, askJson, write } from "./server.js";

const FEW = 12;
export const MOST_PHOTOS = 20;

let whole = false;

const address = (name) => `/v1/types/${encodeURIComponent(name)}`;

// `tell` shows what was done, `fail` what went wrong. Returns what shows the types and what names one.
export function openTypes(tell, fail) {
  at("all-types").addEventListener("click", () => {
    whole = true;
    showTypes().catch(fail);
  });
  at("type-photos").addEventListener("change", showThumbs);
  at("new-type").addEventListener("submit", (event) => {
    event.preventDefault();
    nameFromForm().catch(fail);
  });
  at("recognise").addEventListener("submit", (event) => event.preventDefault());
  at("which").addEventListener("change", () => recognise().catch(fail));

  async function showTypes() {
    const { types } = await askJson("/v1/types").catch((error) => {
      if (error.status === 409) return { types: [] }; // nothing to recognise yet
      throw error;
    });
    const order = [...types.filter(({ kind }) => kind === "named"), ...types.filter(({ kind }) => kind !== "named")];
    at("types").replaceChildren(...(whole ? order : order.slice(0, FEW)).map(typeRow));
    at("all-types").hidden = whole || order.length <= FEW;
    at("all-types").textContent = `Show all ${order.length}`;
  }

  function typeRow({ name, photos, kind }) {
    const parts = [
      element("strong", { textContent: name }),
      element("span", { className: "soft", textContent: kind === "named" ? `named here, ${counted(photos, "photo")}` : counted(photos, "photo") }),
    ];
    if (kind === "named") {
      const away = element("button", { type: "button", className: "quiet", textContent: "Remove", ariaLabel: `Remove ${name}` });
      away.addEventListener("click", () =>
        write("DELETE", address(name))
          .then(() => tell(`“${name}” is no longer recognised.`))
          .then(showTypes)
          .catch(fail),
      );
      parts.push(away);
    }
    return element("li", {}, parts);
  }

  async function nameFromForm() {
    await nameType(at("type-name").value.trim(), [...at("type-photos").files]);
    at("new-type").reset();
    showThumbs();
  }

  async function nameType(name, files) {
    if (files.length > MOST_PHOTOS) throw new Error(`At most ${MOST_PHOTOS} photos name a type; choose fewer.`);
    checkSize({ size: files.reduce((sum, { size }) => sum + size, 0) });
    const form = new FormData();
    for (const file of files) form.append("photos", file, file.name);
    await write("PUT", address(name), form);
    tell(`“${name}” is recognised from now on.`);
    await showTypes();
  }

  return { showTypes, nameType };
}

function showThumbs() {
  for (const old of at("type-thumbs").querySelectorAll("img")) URL.revokeObjectURL(old.src);
  const files = [...at("type-photos").files].slice(0, MOST_PHOTOS);
  at("type-thumbs").replaceChildren(
    ...files.map((file) =>
      element("li", {}, [element("span", { className: "mat" }, [element("img", { src: URL.createObjectURL(file), alt: file.name })])]),
    ),
  );
}

async function recognise() {
  const [photo] = at("which").files;
  if (!photo) return;
  checkSize(photo);
  const form = new FormData();
  form.append("photo", photo, photo.name);
  const { types } = await (await ask("/v1/types/recognise", { method: "POST", body: form })).json();
  at("ranked").replaceChildren(
    ...types.slice(0, 5).map(({ name, probability }) =>
      element("li", {}, [
        element("span", { textContent: name }),
        element("span", { className: "number soft", textContent: percent(probability, 1) }),
      ]),
    ),
  );
}
