// Progressive enhancement: every page works without this file. It counts characters, suggests towns and
// certifications, refreshes the progress of jobs, focuses the summary of errors, and deletes at log-out the text kept
// in this browser.
"use strict";

const plural = (count, word) => `${count.toLocaleString("fr-FR")} ${word}${Math.abs(count) > 1 ? "s" : ""}`;

const later = (wait, action) => {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  };
};

function count(field) {
  const limit = Number(field.dataset.limite);
  const cut = Number(field.dataset.coupe) || limit;
  const line = Object.assign(document.createElement("p"), { className: "compteur", id: `${field.id}-compteur` });
  // Live region, updated when typing stops, not at each key.
  const aloud = Object.assign(document.createElement("p"), { className: "visually-hidden" });
  aloud.setAttribute("role", "status");
  field.after(line, aloud);
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${line.id}`.trim());
  const words = (length) => {
    const left = limit - length;
    if (left < 0) return `${plural(-left, "caractère")} en trop`;
    if (length > cut) return `Certains annuaires n’en montreront que les ${cut} premiers caractères : ils en couperont ${length - cut}.`;
    const room = Math.min(left, cut - length || left);
    return room > Math.max(cut / 5, 15) ? "" : `Encore ${plural(room, "caractère")}`;
  };
  const show = () => {
    // As the server: code points, and one character per line end.
    const length = Array.from(field.value.trim()).length;
    line.textContent = words(length);
    line.hidden = !line.textContent;
    line.classList.toggle("compteur-plein", length > limit);
  };
  const say = later(1000, () => { aloud.textContent = line.textContent; });
  field.addEventListener("input", () => { show(); say(); });
  show();
}

function suggestTowns(town) {
  const postcode = document.getElementById(town.id.replace(/ville$/, "code_postal"));
  const ask = async (text) => {
    const answer = await fetch(`${town.dataset.communes}?q=${encodeURIComponent(text)}`);
    return answer.ok ? answer.json() : [];
  };
  const words = ({ ville, code_postal: code }) => `${ville} (${code})`;
  const suggest = (found) => {
    town.list.replaceChildren(...found.map((one) => Object.assign(document.createElement("option"), { value: words(one) })));
  };
  const chosen = () => {
    const found = /^(.*) \((\d{5})\)$/.exec(town.value);
    if (!found) return false;
    [, town.value, postcode.value] = found;
    return true;
  };
  town.addEventListener("input", later(250, async () => {
    if (!chosen() && town.value.trim().length > 1) suggest(await ask(town.value));
  }));
  town.addEventListener("change", chosen);
  const byCode = async () => {
    const code = postcode.value.replace(/\s/g, "");
    if (!/^\d{5}$/.test(code)) return;
    const found = await ask(code);
    suggest(found);
    if (found.length === 1 && !town.value) town.value = found[0].ville;
  };
  postcode.addEventListener("change", byCode);
}

function suggestExams(exam) {
  const code = document.getElementById(exam.id.replace(/certification$/, "code_certification"));
  const known = new Map();
  const suggest = async () => {
    const answer = await fetch(`${exam.dataset.certifications}?q=${encodeURIComponent(exam.value)}`);
    const options = (answer.ok ? await answer.json() : []).map((one) => {
      known.set(one.libelle, one.code);
      return Object.assign(document.createElement("option"), { value: one.libelle, label: [one.code, one.validite].filter(Boolean).join(", ") });
    });
    exam.list.replaceChildren(...options);
  };
  exam.addEventListener("input", later(250, () => {
    if (known.get(exam.value)) code.value = known.get(exam.value);
    else if (exam.value.trim().length > 1) suggest();
  }));
}

function follow(part) {
  const look = async () => {
    const answer = await fetch(location.href).catch(() => null);
    const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const fresh = page?.querySelector("[data-suivi]");
    if (page && !fresh) return location.reload(); // the job has ended: load the whole page
    if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
    setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
}

function openFoldAround(target) {
  for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}

// --- Unsent text kept in this browser: see autosave.js ------------------------------------------------

// localStorage keys start with "relais:<person>:<path of the step>:". Another person never sees the text, and it is
// deleted at log-out.
const person = document.body.dataset.personne;
const waiting = {
  keys(start = "relais:") {
    try { return Object.keys(localStorage).filter((key) => key.startsWith(start)); } catch { return []; }
  },
  read(key) {
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  },
  write(key, value) { // false when localStorage is not available
    try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
  },
  forget(keys) {
    try { keys.forEach((key) => localStorage.removeItem(key)); } catch { /* localStorage is not available */ }
  },
};
let sendAll = async () => {}; // replaced by autosave.js
let ended = false; // log-out under way: keep nothing more

function leave(form) {
  form.addEventListener("submit", async (event) => {
    if (!waiting.keys().length) return;
    event.preventDefault();
    await sendAll();
    const question = "Un texte n’a pas pu être enregistré. Se déconnecter l’effacera de ce navigateur. Continuer ?";
    if (waiting.keys().length && !confirm(question)) return;
    ended = true;
    waiting.forget(waiting.keys());
    form.submit();
  });
}

if (person) waiting.forget(waiting.keys().filter((key) => !key.startsWith(`relais:${person}:`)));
document.querySelectorAll("form.sortie").forEach(leave);
document.querySelectorAll("[data-oublie]").forEach((part) => {
  const forget = () => waiting.forget(waiting.keys(`relais:${person}:${part.dataset.oublie}:`));
  part.addEventListener("submit", forget);
  part.querySelector("a")?.addEventListener("click", forget);
});

document.querySelectorAll("[data-imprimer]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
document.querySelectorAll("[data-limite]").forEach(count);
document.querySelectorAll("[data-communes]").forEach(suggestTowns);
document.querySelectorAll("[data-certifications]").forEach(suggestExams);
document.querySelectorAll("[data-suivi]").forEach(follow);
document.querySelector("[data-focus]")?.focus();
window.addEventListener("hashchange", () => openFoldAround(document.getElementById(location.hash.slice(1))));
openFoldAround(document.getElementById(location.hash.slice(1)));
