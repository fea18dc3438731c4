// The slot for a photo: chosen, taken with the camera, pasted, or dropped anywhere on the page.

import { at } from "./dom.js";

export const MOST_BYTES = 20_000_000; // what the server reads, see modiste/photos.py

export function checkSize(photo) {
  if (photo.size > MOST_BYTES) throw new Error("This file has more than 20 MB. Make the photo smaller.");
}

// Calls `take` with each file; the page has the ids file, camera, slot, preview, unshowable, act and veil.
export function openSlot(take) {
  const given = (file) => {
    if (file && !document.querySelector("dialog[open]")) take(file);
  };

  for (const input of [at("file"), at("camera")]) {
    input.addEventListener("change", () => {
      given(input.files[0]);
      input.value = ""; // so that choosing the same file again is a change, too
    });
  }

  document.addEventListener("paste", ({ clipboardData }) => given(clipboardData?.files[0]));

  const bringsFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    at("veil").hidden = false;
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) at("veil").hidden = true; // left the window, not just an element
  });
  document.addEventListener("drop", (event) => {
    at("veil").hidden = true;
    if (!bringsFiles(event)) return;
    event.preventDefault();
    given(event.dataTransfer.files[0]);
  });

  // A format that the server reads and this browser does not show, such as TIFF.
  at("preview").addEventListener("error", () => {
    at("preview").hidden = true;
    at("unshowable").textContent = at("preview").alt;
    at("unshowable").hidden = false;
  });
}

// Show a File or Blob, or the photo at `url`.
export function fillSlot({ photo, name, url }) {
  const preview = at("preview");
  URL.revokeObjectURL(preview.src);
  preview.src = url ?? URL.createObjectURL(photo);
  preview.alt = name;
  preview.hidden = false;
  at("unshowable").hidden = true;
  at("slot").classList.add("filled");
  at("act").textContent = "Choose another";
}

export function emptySlot() {
  at("preview").hidden = at("unshowable").hidden = true;
  at("slot").classList.remove("filled");
  at("act").textContent = "Choose a photo";
}
