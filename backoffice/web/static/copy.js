// A button that copies a block of text. Without JavaScript the person selects and copies it by hand.
"use strict";

const told = document.querySelector("[data-copie-faite]");

async function copy(button) {
  const block = document.getElementById(button.dataset.copier);
  block.select();
  try {
    await navigator.clipboard.writeText(block.value);
    button.firstChild.textContent = "Copié";
    told.textContent = "Le texte est copié.";
  } catch {
    told.textContent = "Le texte est sélectionné : copiez-le avec Ctrl + C.";
  }
}

for (const button of document.querySelectorAll("[data-copier]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
