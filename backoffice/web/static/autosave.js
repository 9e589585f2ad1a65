// Autosave of a step. What cannot be sent is kept in localStorage and sent later.
//
// A request without an answer may have been stored. It is sent again unchanged before anything newer: otherwise the
// optimistic lock of the server (the stamp) would report a conflict of this page with itself.
"use strict";

const step = document.querySelector("form[data-brouillon]");
const state = document.querySelector("[data-etat]");
const guidance = document.querySelector("[data-aide]");
const stamp = step.elements.empreinte;
const here = `relais:${person}:${new URL(step.action).pathname}:`;
const mine = `${here}${stamp.value}:${Math.random().toString(36).slice(2)}`;

const PAUSE = 2000; // milliseconds without typing
const RETRY = 15000;
const LOST = "votre texte est encore sur cette page, ne la fermez pas";
const KEPT = waiting.write(mine, null) ? "votre texte est gardé dans ce navigateur" : LOST;
waiting.forget([mine]);
const WORDS = {
  reseau: `Pas de réseau : ${KEPT}, il partira tout seul.`,
  panne: `Une erreur s’est produite chez nous : ${KEPT}, il partira tout seul.`,
  attente: `Beaucoup d’enregistrements en peu de temps : ${KEPT}, il partira tout seul.`,
  connexion: `Votre connexion a expiré : ${KEPT}. Appuyez sur « Enregistrer et continuer » pour vous reconnecter.`,
  gros: "Ce texte est trop long pour être enregistré. Raccourcissez-le.",
  refus: `Cette étape ne peut plus être enregistrée ici : ${KEPT}. Appuyez sur « Enregistrer et continuer ».`,
};
const LATER = ["reseau", "panne", "attente"];
const NOT_SAVED = ["csrf_token", "empreinte"];

let changed = false; // typed since the last request
let unanswered = null; // {empreinte, pairs}: request whose outcome is unknown
let trouble = ""; // cause of the last failure, "" when there is none
let stopped = false; // autosave gave up: the person must use the submit button
let running = null;
let leaving = false;
let timer;

const typed = () => [...new FormData(step)].filter(([name]) => !NOT_SAVED.includes(name));

function say(words, cause = "") {
  trouble = cause;
  if (state.textContent !== words) state.textContent = words;
  state.classList.toggle("veille-alerte", Boolean(cause));
}

function keep() {
  if (!ended && (changed || unanswered)) waiting.write(mine, { empreinte: stamp.value, pairs: typed(), unanswered });
}

async function send({ empreinte, pairs }) {
  const body = new URLSearchParams([...pairs, ["empreinte", empreinte], ["csrf_token", step.elements.csrf_token.value]]);
  let answer;
  try {
    answer = await fetch(step.dataset.brouillon, {
      method: "POST", body, headers: { Accept: "application/json" }, redirect: "error",
      // The request outlives the page. Browsers limit the body of keepalive requests to 64 KiB.
      keepalive: document.visibilityState === "hidden" && body.toString().length < 60000,
      signal: AbortSignal.timeout(20000),
    });
    if (answer.ok || answer.status === 409) return await answer.json();
  } catch {
    return { cause: "reseau" };
  }
  if (answer.status >= 500) return { cause: "panne" };
  return { cause: { 400: "connexion", 401: "connexion", 413: "gros", 429: "attente" }[answer.status] ?? "refus" };
}

// The hour as every page says it, in Paris; said so to a browser of another time zone.
function clock({ heure, instant }) {
  const here = new Date(instant);
  const own = `${here.getHours()}\u00a0h\u00a0${String(here.getMinutes()).padStart(2, "0")}`;
  return own === heure ? heure : `${heure} (heure de Paris)`;
}

// Shows at each field what its answer contradicts; takes away the errors that were corrected.
function tell({ contraires, illisibles }) {
  for (const error of step.querySelectorAll(".erreur[id$='-erreur']")) {
    const name = error.id.replace(/-erreur$/, "");
    if (name in contraires || illisibles.includes(name)) continue;
    error.closest(".champ").classList.remove("champ-faux");
    document.getElementById(name)?.removeAttribute("aria-invalid");
    error.remove();
  }
  for (const [name, words] of Object.entries(contraires)) {
    const field = document.getElementById(name);
    const frame = field?.closest(".champ");
    if (!frame) continue;
    let error = document.getElementById(`${name}-erreur`);
    if (!error) {
      error = Object.assign(document.createElement("p"), { className: "erreur", id: `${name}-erreur` });
      error.setAttribute("role", "alert");
      (frame === field ? frame.querySelector("legend") : frame.querySelector("label")).after(error);
      field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${error.id}`.trim());
    }
    frame.classList.add("champ-faux");
    if (frame !== field) field.setAttribute("aria-invalid", "true");
    if (error.textContent !== words) error.textContent = words;
  }
}

function accept(answer) {
  stamp.value = answer.empreinte;
  for (const [name, id] of Object.entries(answer.reperes)) {
    const field = step.elements[name];
    if (field) field.value = id; // id that the server gave to a new row
  }
  if (!guidance.contains(document.activeElement)) guidance.innerHTML = answer.aide;
  if (!changed) waiting.forget([mine]);
  tell(answer);
  say(`Enregistré à ${clock(answer)}`);
}

function fail(answer) {
  const cause = answer.cause;
  if (!LATER.includes(cause)) unanswered = null; // the server answered: nothing was stored
  changed = true;
  keep();
  say(answer.message ?? WORDS[cause], cause);
  stopped = !LATER.includes(cause) && cause !== "gros";
  if (LATER.includes(cause)) plan(RETRY);
}

async function rounds() {
  while ((unanswered || changed) && !stopped) {
    if (!unanswered) {
      unanswered = { empreinte: stamp.value, pairs: typed() };
      changed = false;
    }
    keep();
    const answer = await send(unanswered);
    if (answer.cause) return fail(answer);
    unanswered = null;
    accept(answer);
  }
}

function save() {
  clearTimeout(timer);
  running ??= rounds().finally(() => { running = null; });
  return running;
}

function plan(wait) {
  clearTimeout(timer);
  timer = setTimeout(save, wait);
}

const keepSoon = later(300, keep);
const isReply = (field) => field.name?.startsWith("remarque"); // each saved reply is logged: save on "change" only

step.addEventListener("input", (event) => {
  changed = true;
  keepSoon();
  if (!stopped && !isReply(event.target)) plan(PAUSE);
});
step.addEventListener("change", (event) => {
  if (!stopped && isReply(event.target)) plan(PAUSE);
});
step.addEventListener("focusout", (event) => { // what a row contradicts is told when the person leaves it
  const row = event.target.closest(".rangee");
  if (row && !row.contains(event.relatedTarget) && changed && !stopped && !isReply(event.target)) plan(0);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden" || leaving) return;
  keep();
  save();
});
window.addEventListener("online", () => { if (!stopped) save(); });

step.addEventListener("submit", async (event) => {
  if (leaving) return;
  if (stopped || !(changed || unanswered || running)) {
    leaving = true;
    return;
  }
  // Wait for the running autosave: otherwise this submit would conflict with it.
  event.preventDefault();
  step.setAttribute("aria-busy", "true");
  await save();
  if (["reseau", "gros"].includes(trouble)) { // do not submit; show why
    step.removeAttribute("aria-busy");
    return state.focus();
  }
  leaving = true;
  step.requestSubmit(event.submitter);
});
window.addEventListener("pageshow", () => {
  leaving = false;
  step.removeAttribute("aria-busy");
});

sendAll = async () => { await save(); };

// --- Text left unsent by an earlier visit -------------------------------------------------------------

function offer(copy, message) {
  const notice = Object.assign(document.createElement("div"), { className: "alert alert-warning" });
  const both = Object.assign(document.createElement("form"), { method: "post", action: step.action });
  notice.append(Object.assign(document.createElement("p"), { textContent: message }), both);
  for (const [name, value] of [...copy.pairs, ["empreinte", copy.empreinte], ["csrf_token", step.elements.csrf_token.value]]) {
    both.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  both.append(Object.assign(document.createElement("button"), { className: "btn btn-primary", textContent: "Voir les deux versions" }));
  notice.setAttribute("role", "alert");
  step.before(notice);
}

const CHANGED = "Un texte que vous aviez écrit ici n’avait pas pu être enregistré, et l’étape a changé depuis. "
  + "Rien n’est perdu : choisissez la version à garder.";

// Sends what was kept under `key`, the request of unknown outcome first, unchanged. True when all of it is stored and
// this page shows an older version.
async function resume(key) {
  const copy = waiting.read(key);
  const sendings = copy ? [copy.unanswered, copy].filter(Boolean) : [];
  let empreinte = sendings[0]?.empreinte;
  for (const { pairs } of sendings) {
    const answer = await send({ empreinte, pairs });
    if (answer.cause === "conflit") offer({ pairs: copy.pairs, empreinte }, CHANGED);
    else if (answer.cause) say(answer.message ?? WORDS[answer.cause], answer.cause);
    if (LATER.includes(answer.cause)) setTimeout(resumeAll, RETRY, [key]);
    if (answer.cause) return false;
    empreinte = answer.empreinte;
  }
  waiting.forget([key]);
  return Boolean(empreinte) && empreinte !== stamp.value;
}

async function resumeAll(keys) {
  let newer = false;
  for (const key of keys) newer = (await resume(key)) || newer;
  if (newer && !changed) location.reload(); // show what has just been saved
}

// Keys of closed tabs. An open tab holds a Web Lock named after its key and sends its own text.
async function left() {
  const held = (await navigator.locks?.query())?.held.map((lock) => lock.name) ?? [];
  return waiting.keys(here).filter((key) => key !== mine && !held.includes(key));
}
navigator.locks?.request(mine, () => new Promise(() => {}));
left().then(resumeAll);
