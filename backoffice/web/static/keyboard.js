// Keyboard shortcuts of the queue and of the page of a version. They are optional. They are single letters without a
// modifier: they do nothing while a text field has the focus, and people who use dictation or a screen reader can turn
// them off permanently in this browser (WCAG 2.1.4).
"use strict";

const OFF = "relais-sans-raccourcis";
const help = document.getElementById("aide-clavier");
const off = () => localStorage.getItem(OFF) === "oui";

const rows = () => Array.from(document.querySelectorAll("[data-fiche]"));
const here = () => rows().findIndex((link) => link === document.activeElement);

function move(step) {
  const links = rows();
  if (!links.length) return;
  const from = here();
  const to = from < 0 ? (step > 0 ? 0 : links.length - 1) : from + step;
  links[Math.min(Math.max(to, 0), links.length - 1)].focus();
}

function open(decision) {
  const link = rows()[here()];
  if (link) location.href = link.href + (decision ? `#${decision}` : "");
}

// On the page of a version: focuses the first field of a decision, or its button. False when the page has no such form.
function reach(decision) {
  const form = document.querySelector(`main form[action$="/${decision}"]`);
  if (!form) return false;
  for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  (form.querySelector("textarea, select") ?? form.querySelector("button")).focus();
  return true;
}

const decide = (decision) => reach(decision) || open(decision);

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => open(""),
  v: () => decide("valider"),
  r: () => decide("renvoyer"),
  "?": () => {
    help.open = true;
    help.querySelector("summary").focus();
  },
};

const FIELDS = "input, textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  const action = KEYS[event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey || event.repeat || off()) return;
  const field = event.target.closest(FIELDS);
  if (field && !["checkbox", "radio", "button", "submit"].includes(field.type)) return;
  event.preventDefault();
  action();
});

if (help) {
  const button = help.querySelector("[data-clavier]");
  const show = () => {
    button.setAttribute("aria-pressed", String(off()));
    button.textContent = off() ? "Remettre les raccourcis" : "Couper les raccourcis";
  };
  button.addEventListener("click", () => {
    if (off()) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "oui");
    show();
  });
  show();
  help.hidden = false;
  const asked = location.hash.slice(1);
  if (["valider", "renvoyer"].includes(asked)) reach(asked);
}
