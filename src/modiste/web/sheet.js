// The sheet on which an item is added or changed: its photo, name and labels.

import { element } from "./dom.js";
import { checkSize } from "./photo.js";

const PHOTOS = "image/jpeg,image/png,image/webp,image/gif,image/bmp,image/tiff";
const MOST_LABELS = 64; // as many as the server takes

// Opens the sheet for an item, or for a new one; `levels` are offered for labels. `save` is given
// { name, labels, photo } and `remove` nothing; both may throw what is then shown on the sheet.
export function openSheet({ item, levels, save, remove }) {
  const title = element("h2", { id: "sheet-title", textContent: item ? "Change this item" : "Add an item" });
  const preview = element("img", { alt: "", hidden: !item, src: item?.photo_url ?? "" });
  const photo = element("input", { type: "file", accept: PHOTOS, required: !item, id: "item-photo" });
  photo.addEventListener("change", () => {
    if (preview.src.startsWith("blob:")) URL.revokeObjectURL(preview.src);
    preview.hidden = photo.files.length === 0 && !item;
    if (photo.files[0]) preview.src = URL.createObjectURL(photo.files[0]);
    else if (item) preview.src = item.photo_url;
  });
  const name = element("input", { required: true, maxLength: 500, value: item?.name ?? "", id: "item-name", autocomplete: "off" });
  const rows = element("div", { className: "rows" });
  const known = element("datalist", { id: "known-levels" }, levels.map((value) => element("option", { value })));
  for (const [level, label] of Object.entries(item?.labels ?? {})) rows.append(labelRow(level, label));
  const more = element("button", { type: "button", className: "quiet", textContent: "Add a label" });
  more.addEventListener("click", () => {
    if (rows.children.length >= MOST_LABELS) return;
    rows.append(labelRow("", ""));
    rows.lastElementChild.querySelector("input").focus();
  });
  const wrong = element("p", { className: "alarm", role: "alert", hidden: true });
  const confirm = element("button", { className: "act", textContent: item ? "Save" : "Add" });
  const cancel = element("button", { type: "button", className: "plain", textContent: "Cancel" });
  const acts = [confirm, cancel];
  if (item) {
    const away = element("button", { type: "button", className: "quiet danger", textContent: "Remove this item" });
    away.addEventListener("click", () => attempt(remove));
    acts.push(away);
  }
  const form = element("form", {}, [
    title,
    element("div", { className: "two" }, [
      element("div", {}, [
        element("span", { className: "mat" }, [preview]),
        element("label", { className: "field" }, [element("span", { textContent: item ? "Another photo" : "Photo" }), photo]),
      ]),
      element("div", {}, [
        element("label", { className: "field" }, [element("span", { textContent: "Name" }), name]),
        element("fieldset", {}, [element("legend", { textContent: "Labels" }), rows, more, known]),
      ]),
    ]),
    wrong,
    element("div", { className: "acts" }, acts),
  ]);
  const dialog = element("dialog", { className: "sheet" }, [form]);
  dialog.setAttribute("aria-labelledby", title.id);

  async function attempt(act) {
    wrong.hidden = true;
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    try {
      await act();
      dialog.close();
    } catch (error) {
      wrong.textContent = error.message;
      wrong.hidden = false;
    } finally {
      for (const button of form.querySelectorAll("button")) button.disabled = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const file = photo.files[0] ?? null;
      if (file) checkSize(file);
      await save({ name: name.value.trim(), labels: labelsOf(rows), photo: file });
    });
  });
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    if (preview.src.startsWith("blob:")) URL.revokeObjectURL(preview.src);
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  name.focus();
}

function labelRow(level, label) {
  const what = element("input", { value: level, maxLength: 200, placeholder: "gender", ariaLabel: "What the label is of", autocomplete: "off" });
  what.setAttribute("list", "known-levels");
  const value = element("input", { value: label, maxLength: 500, placeholder: "Women", ariaLabel: "Label", autocomplete: "off" });
  const away = element("button", { type: "button", className: "quiet", ariaLabel: "Remove this label", textContent: "×" });
  const row = element("div", { className: "row" }, [what, value, away]);
  away.addEventListener("click", () => row.remove());
  return row;
}

// Rows left empty say nothing.
function labelsOf(rows) {
  const pairs = [...rows.children].map((row) => [...row.querySelectorAll("input")].map(({ value }) => value.trim()));
  return Object.fromEntries(pairs.filter(([level, label]) => level && label));
}
