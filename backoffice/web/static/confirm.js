// A form that cannot be undone asks first. Without this file the page that follows asks instead: the server does
// nothing before it is told «confirme».
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.confirm) return;
  if (!confirm(form.dataset.confirm)) return void event.preventDefault();
  if (form.elements.confirme) return;
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "confirme", value: "1" }));
});
