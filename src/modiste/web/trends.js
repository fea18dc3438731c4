// What is new among several photos: groups that can be named at once, and photos that fit no known type.

import { at, counted, element, percent } from "./dom.js";
import { checkSize, MOST_BYTES } from "./photo.js";
import { write } from "./server.js";
import { MOST_PHOTOS } from "./types.js";

const MOST_ARRIVALS = 50;
const MOST_TOGETHER = 100_000_000; // what the server reads, see modiste/api/trends.py

// `nameType` has a type named by some files.
export function openTrends(nameType) {
  const form = at("arrivals");
  const guarded = (work) => work.catch(fail);
  form.addEventListener("submit", (event) => event.preventDefault());
  at("arrived").addEventListener("change", () => guarded(find([...at("arrived").files], nameType)));
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    guarded(find([...event.dataTransfer.files], nameType));
  });
}

let asked = 0;

async function find(files, nameType) {
  const mine = ++asked; // who chooses other photos meanwhile wants to see what those are
  clear();
  at("arrived").value = ""; // so that choosing the same files again is a change, too
  if (files.length < 2 || files.length > MOST_ARRIVALS) throw new Error(`Choose 2 to ${MOST_ARRIVALS} photos; these are ${files.length}.`);
  files.forEach(checkSize);
  if (sizeOf(files) > MOST_TOGETHER) throw new Error("These files have more than 100 MB together. Choose fewer photos.");
  at("trends-notice").textContent = `Looking at ${counted(files.length, "photo")} …`;
  const form = new FormData();
  for (const file of files) form.append("photos", file, file.name);
  const found = await (await write("POST", "/v1/trends", form)).json();
  if (mine !== asked) return;
  at("trends-notice").textContent =
    `${counted(found.photos, "photo")} against ${counted(found.items, "item")}: ${found.new.length} of them ` +
    `${found.new.length === 1 ? "fits" : "fit"} no known type, ${counted(found.groups.length, "new group")}.` +
    (found.named ? ` ${found.named} resemble a type that has been named.` : "") +
    (found.skipped.length ? ` ${found.skipped.length} could not be read.` : "");
  const grouped = new Set(found.groups.flatMap(({ photos }) => photos.map(({ photo }) => photo)));
  const alone = found.new.filter(({ photo }) => !grouped.has(photo));
  at("found").replaceChildren(...found.groups.map((group) => groupCard(group, files, nameType)));
  if (alone.length > 0) {
    at("found").append(
      element("div", { className: "card" }, [element("h3", { textContent: "Fit no known type, each alone" }), thumbs(alone, files)]),
    );
  }
}

function groupCard({ name, near, p_value: chance, photos }, files, nameType) {
  const input = element("input", { maxLength: 100, required: true, autocomplete: "off", value: name });
  const button = element("button", { className: "act", textContent: "Name this type" });
  const told = element("p", { className: "soft", textContent: "" });
  const most = fitting(photos.map(({ photo }) => files[photo]));
  const form = element("form", { className: "card" }, [
    element("h3", { textContent: name || "A new group" }),
    element("p", {
      className: "soft",
      textContent:
        `${counted(photos.length, "photo")}${near.length ? `, most like ${near.join(", ")}` : ""}. ` +
        `Chance alone has such a group with a probability of ${percent(chance)}.`,
    }),
    thumbs(photos, files),
    element("label", { className: "field" }, [element("span", { textContent: "Name" }), input]),
    button,
    told,
  ]);
  if (most.length < photos.length) told.textContent = `The ${most.length} most typical photos will stand for it.`;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    nameType(input.value.trim(), most)
      .then(() => {
        form.replaceChildren(element("p", { textContent: `“${input.value.trim()}” is recognised from now on, by ${counted(most.length, "photo")}.` }));
      })
      .catch((error) => {
        button.disabled = false;
        fail(error);
      });
  });
  return form;
}

// As many of the first files as name a type.
function fitting(files) {
  const most = files.slice(0, MOST_PHOTOS);
  while (most.length > 1 && sizeOf(most) > MOST_BYTES) most.pop();
  return most;
}

const sizeOf = (files) => files.reduce((sum, { size }) => sum + size, 0);

const thumbs = (photos, files) =>
  element("ul", { className: "thumbs" }, photos.map(({ photo, name, nearest }) =>
    element("li", { title: nearest ? `${name}: nearest to ${nearest}` : name }, [
      element("span", { className: "mat" }, [element("img", { src: URL.createObjectURL(files[photo]), alt: name || files[photo].name })]),
    ]),
  ));

function clear() {
  for (const old of at("found").querySelectorAll("img")) URL.revokeObjectURL(old.src);
  at("found").replaceChildren();
  at("trends-notice").textContent = "";
  at("trends-alert").hidden = true;
}

function fail(error) {
  at("trends-notice").textContent = "";
  at("trends-alert").textContent = error.message;
  at("trends-alert").hidden = false;
}
