// Everything works without this file. It counts characters, suggests towns by their name or postal code,
// follows long work and takes the reader to the summary of errors.
"use strict";

const plural = (count, word) => `${count.toLocaleString("fr-FR")} ${word}${Math.abs(count) > 1 ? "s" : ""}`;

function count(field) {
  const limit = Number(field.dataset.limite);
  const line = document.createElement("p");
  line.className = "compteur";
  field.after(line);
  const show = () => {
    // The server counts code points, and a line end as one.
    const left = limit - Array.from(field.value.trim()).length;
    line.hidden = left > Math.max(limit / 5, 15);
    line.classList.toggle("compteur-plein", left < 0);
    line.textContent = left < 0 ? `${plural(-left, "caractère")} en trop` : `Encore ${plural(left, "caractère")}`;
  };
  field.addEventListener("input", show);
  show();
}

const later = (wait, action) => {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  };
};

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
    if (page && !fresh) return location.reload(); // it is over: the whole page has more to say
    if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
    setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
}

function openFoldAround(target) {
  for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}

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
