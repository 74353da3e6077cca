// Files onto a component: drop or choose, upload with progress, then pages appear as the worker reads them.

const csrf = document.body.dataset.csrf;
const MOVING = new Set(["received", "reading"]);
const MOST_THUMBS = 24;
const FOLLOWED_AT_ONCE = 3; // browsers open six connections to one address; pictures and forms need theirs
const waiting = [];
let followed = 0;

function card(name) {
  const node = document.createElement("article");
  node.className = "doc";
  node.innerHTML = '<span class="thumb empty" aria-hidden="true"></span><div><p class="name"></p><p class="small soft" role="status"></p><progress max="1" value="0"></progress></div><div class="row"></div>';
  node.querySelector(".name").textContent = name;
  return { node, say: (text) => { node.querySelector("[role=status]").textContent = text; }, bar: node.querySelector("progress") };
}

function fail(shown, problem) {
  shown.node.classList.add("bad");
  shown.bar.remove();
  const words = document.createElement("p");
  words.className = "notice bad";
  words.setAttribute("role", "alert");
  const title = document.createElement("b");
  title.textContent = problem.title ?? "Không gửi được tệp";
  words.append(title, problem.detail ?? "Kiểm tra kết nối rồi thử lại.");
  if (problem.found !== undefined) words.append(` (tệp có ${problem.found} trang, đã đếm ${problem.declared})`);
  shown.node.append(words);
  shown.say("");
  const away = document.createElement("button");
  away.type = "button";
  away.className = "button slim";
  away.textContent = "Bỏ tệp này";
  away.addEventListener("click", () => shown.node.remove());
  shown.node.querySelector(".row").append(away);
}

function send(form, files) {
  const name = files.length > 1 ? `${files[0].name} và ${files.length - 1} tệp khác` : files[0].name;
  const shown = card(name);
  form.closest("[data-slot]").querySelector("[data-documents]").append(shown.node);
  const body = new FormData();
  body.append("component", form.dataset.component);
  body.append("kind", form.dataset.kind);
  const counted = form.elements.declared_pages.value.trim();
  if (counted) body.append("declared_pages", counted);
  for (const file of files) body.append("file", file, file.name);
  const request = new XMLHttpRequest();
  request.open("POST", form.dataset.upload);
  request.setRequestHeader("X-CSRF-Token", csrf);
  request.setRequestHeader("Idempotency-Key", crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    shown.bar.max = event.total;
    shown.bar.value = event.loaded;
    shown.say(event.loaded < event.total ? `Đang gửi ${Math.round((100 * event.loaded) / event.total)}%` : "Đang kiểm tra tệp");
  });
  request.addEventListener("load", () => {
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { /* not ours: shown in general words */ }
    if (request.status === 202) { form.elements.declared_pages.value = ""; fetchCard(answer.id, shown.node); }
    else if (request.status === 401) window.location.assign(`/dang-nhap?tiep=${encodeURIComponent(window.location.pathname)}`);
    else fail(shown, answer);
  });
  request.addEventListener("error", () => fail(shown, {}));
  shown.say("Đang gửi");
  request.send(body);
}

// The server's card of a document as it is now, or null.
async function cardOf(id) {
  const answer = await fetch(`/tiep-nhan/giay-to/${id}/the`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return null;
  const holder = document.createElement("template");
  holder.innerHTML = (await answer.text()).trim();
  return holder.content.firstElementChild;
}

// Put the server's card in the place of `node`, and follow it while it moves.
async function fetchCard(id, node) {
  const fresh = await cardOf(id);
  if (!fresh) return;
  node.replaceWith(fresh);
  window.htmx.process(fresh);
  follow(fresh);
}

function place(id, number, spot) {
  const picture = new Image();
  picture.alt = `Trang ${number}`;
  picture.addEventListener("load", () => { spot.classList.remove("empty"); spot.replaceChildren(picture); });
  picture.src = `/api/v1/documents/${id}/files/page-${number}`;
}

// One document less to follow: the next in line is looked at anew, for it may be done by now.
function unfollow() {
  followed -= 1;
  const node = waiting.shift();
  if (node) fetchCard(node.dataset.document, node);
}

function follow(node) {
  if (!MOVING.has(node.dataset.state)) return;
  if (followed >= FOLLOWED_AT_ONCE) { waiting.push(node); return; }
  followed += 1;
  const id = node.dataset.document;
  const total = Number(node.dataset.pages);
  const face = node.querySelector(":scope > .thumb.empty");
  const thumbs = node.querySelector("[data-thumbs]");
  const seen = new Set();
  if (thumbs) for (let number = 1; number <= Math.min(total, MOST_THUMBS); number += 1) thumbs.append(Object.assign(document.createElement("span"), { className: "thumb empty" }));
  const show = (card) => {
    node.querySelector(".badge").replaceWith(card.querySelector(".badge"));
    for (const number of card.dataset.ready.split(" ").filter(Boolean).map(Number)) {
      if (seen.has(number)) continue;
      seen.add(number);
      if (number === 1 && face) place(id, number, face);
      if (thumbs?.children[number - 1]) place(id, number, thumbs.children[number - 1]);
    }
  };
  const events = new EventSource(`/api/v1/documents/${id}/events`);
  events.addEventListener("progress", async (event) => {
    const now = JSON.parse(event.data);
    const bar = node.querySelector("progress");
    if (bar) bar.value = now.pages_done;
    const said = node.querySelector("[data-progress]");
    if (said) said.textContent = now.pages_done < now.pages_total ? `Đã đọc ${now.pages_done}/${now.pages_total} trang` : "Đang ghép bản lưu trữ";
    if (!MOVING.has(now.state)) { events.close(); fetchCard(id, node); unfollow(); return; }
    const card = await cardOf(id);
    if (card && node.isConnected && MOVING.has(card.dataset.state)) show(card);
  });
  events.addEventListener("error", () => { if (events.readyState === EventSource.CLOSED) unfollow(); });
}

for (const form of document.querySelectorAll("[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("change", () => { if (input.files.length) send(form, [...input.files]); input.value = ""; });
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer.files.length) send(form, [...event.dataTransfer.files]);
  });
}
// A file dropped beside its place must not replace the page.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => { if (!event.target.closest?.("[data-upload]")) event.preventDefault(); });
for (const node of document.querySelectorAll("[data-document]")) follow(node);
