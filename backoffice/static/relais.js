// Everything works without this file. It counts characters, suggests the towns of a postal code, follows
// long work and takes the reader to the summary of errors.
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

function suggestTowns(town) {
  const postcode = document.getElementById(town.id.replace(/ville$/, "code_postal"));
  const list = town.list;
  const fetchTowns = async () => {
    const code = postcode.value.replace(/\s/g, "");
    if (!/^\d{5}$/.test(code)) return;
    const answer = await fetch(`${town.dataset.communes}?code_postal=${code}`);
    if (!answer.ok) return;
    const names = await answer.json();
    list.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
    if (names.length === 1 && !town.value) town.value = names[0];
  };
  postcode.addEventListener("change", fetchTowns);
  if (postcode.value) fetchTowns();
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

document.querySelectorAll("[data-limite]").forEach(count);
document.querySelectorAll("[data-communes]").forEach(suggestTowns);
document.querySelectorAll("[data-suivi]").forEach(follow);
document.querySelector("[data-focus]")?.focus();
window.addEventListener("hashchange", () => openFoldAround(document.getElementById(location.hash.slice(1))));
openFoldAround(document.getElementById(location.hash.slice(1)));
