// Asks before what was typed is lost: when the page is left, or when another of its forms is sent. A step saves itself:
// see autosave.js. Forms that only search, and those that ask for a password, hold nothing to lose.
"use strict";

{ // a scope of its own: every script of the page shares the global one
  const TEXTS = "textarea, select, input:not([type=hidden], [type=checkbox], [type=radio], [type=submit])";
  const QUESTION = "Ce que vous avez écrit ailleurs sur cette page n’est pas enregistré, et sera perdu. Continuer quand même ?";

  const watched = [...document.querySelectorAll("main form[method=post]:not([data-brouillon])")]
    .filter((form) => !form.querySelector("[type=password]"));
  const fields = (form) => [...form.elements].filter((field) => field.matches(TEXTS));

  // A refused page shows again what was typed: it is not saved yet. Its address is that of the refused form.
  const refused = performance.getEntriesByType("navigation")[0]?.responseStatus >= 400;
  const bare = (address) => new URL(address, location.href).href.split("#")[0];
  // The attribute: a field named «action» would hide the property.
  const waits = (form) => refused && bare(form.getAttribute("action") ?? "") === bare("");

  function differs(field) {
    if (field.type === "file") return field.files.length > 0;
    if (!field.options) return field.value !== field.defaultValue;
    const options = [...field.options];
    const first = field.multiple ? -1 : Math.max(0, options.findIndex((option) => option.defaultSelected));
    return options.some((option, rank) => option.selected !== (field.multiple ? option.defaultSelected : rank === first));
  }

  const unsaved = (form) => waits(form) ? fields(form).some((field) => field.value) : fields(form).some(differs);
  const agreed = new WeakSet(); // events of the same form that come again: autosave.js sends it a second time
  let leaving = false;

  window.addEventListener("submit", (event) => {
    const others = watched.filter((form) => form !== event.target && unsaved(form));
    if (!others.length || agreed.has(event.target)) return;
    if (confirm(QUESTION)) return void agreed.add(event.target);
    event.preventDefault();
    event.stopImmediatePropagation();
    fields(others[0]).find((field) => field.value)?.focus();
  }, { capture: true });
  window.addEventListener("submit", (event) => { leaving = !event.defaultPrevented; });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && watched.some(unsaved)) event.preventDefault();
  });
  for (const name of ["input", "pageshow"]) window.addEventListener(name, () => { leaving = false; });
}
