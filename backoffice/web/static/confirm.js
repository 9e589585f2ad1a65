// Asks for confirmation before a form that cannot be undone is sent. Without JavaScript the next page asks instead: the
// server does nothing without the field «confirme».
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.confirm) return;
  if (!confirm(form.dataset.confirm)) return void event.preventDefault();
  if (form.elements.confirme) return;
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "confirme", value: "1" }));
});
