// Picture and words of a page side by side: boxes over the picture, fields that save themselves, undo.

const SVG = "http://www.w3.org/2000/svg";
const root = document.querySelector("[data-review]");
const id = root.dataset.review;
const LOW = Number(root.dataset.low);
const csrf = document.body.dataset.csrf;
const picture = root.querySelector("[data-picture]");
const overlay = root.querySelector("[data-overlay]");
const text = root.querySelector("[data-text]");
const pages = [...root.querySelectorAll("[data-page]")];
const fields = [...root.querySelectorAll("[data-field]")];
const entries = fields.filter((field) => field.querySelector("textarea")); // none once the document is confirmed
let current = 1;
let words = new Map();
let unsaved = 0;

// ---- picture and boxes; the overlay counts in pixels of the upright page ----

function rect(left, top, right, bottom, kind) {
  const box = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top), class: kind })) box.setAttribute(name, value);
  return box;
}

function turn(number) {
  const page = pages.find((one) => Number(one.dataset.page) === number);
  if (!page) return;
  current = number;
  for (const one of pages) one.setAttribute("aria-current", String(one === page));
  page.scrollIntoView({ block: "nearest", inline: "nearest" });
  picture.src = `/api/v1/documents/${id}/files/page-${number}`;
  picture.alt = `Ảnh trang ${number}`;
  picture.width = page.dataset.width;
  picture.height = page.dataset.height;
  draw(Number(page.dataset.width), Number(page.dataset.height));
}

function draw(width, height) {
  overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
  overlay.replaceChildren();
  for (const field of fields) {
    if (!field.dataset.box || Number(field.dataset.onPage) !== current) continue;
    const [left, top, right, bottom] = field.dataset.box.split(" ").map(Number);
    const box = rect(left * width, top * height, right * width, bottom * height, "box");
    box.addEventListener("click", () => field.querySelector("textarea, .value").focus());
    field.shape = box;
    overlay.append(box);
  }
  showWords();
}

function showWords() {
  const found = words.get(current);
  if (!found) return;
  text.replaceChildren();
  let line = null;
  let last = null;
  for (const word of found.words) {
    if (!line || word.line !== last.line) {
      if (last && word.block !== last.block) text.append(document.createElement("p"));
      line = document.createElement("p");
      text.append(line);
    } else line.append(" ");
    last = word;
    const span = document.createElement("span");
    span.textContent = word.text;
    if (word.confidence < LOW) span.className = "low";
    const box = rect(...word.box, word.confidence < LOW ? "word low" : "word");
    const on = () => mark(box, span);
    span.addEventListener("click", on);
    box.addEventListener("click", () => { on(); span.scrollIntoView({ block: "nearest" }); });
    overlay.prepend(box);
    line.append(span);
  }
  mark(fields.find((field) => field.contains(document.activeElement))?.shape);
  if (!found.words.length) text.textContent = found.blank ? "Trang trắng." : "Không có chữ nào đọc được trên trang này.";
}

function mark(...shapes) {
  for (const one of root.querySelectorAll(".on")) one.classList.remove("on");
  for (const one of shapes) one?.classList.add("on");
  const frame = root.querySelector(".sheet-frame");
  const box = shapes[0]?.getBoundingClientRect?.();
  if (!box || !frame) return;
  const view = frame.getBoundingClientRect();
  if (box.top < view.top || box.bottom > view.bottom) frame.scrollBy({ top: box.top - view.top - view.height / 3, behavior: "smooth" });
  if (box.left < view.left || box.right > view.right) frame.scrollBy({ left: box.left - view.left - view.width / 4, behavior: "smooth" });
}

async function loadWords() {
  const answer = await fetch(`/api/v1/documents/${id}/files/words`);
  if (!answer.ok) { text.textContent = "Văn bản chưa sẵn sàng."; return; }
  const found = await answer.json();
  words = new Map(found.pages.map((page) => [page.number, page]));
  turn(current);
}

for (const page of pages) page.addEventListener("click", () => turn(Number(page.dataset.page)));
for (const button of root.querySelectorAll("[data-turn]")) button.addEventListener("click", () => turn(current + Number(button.dataset.turn)));
root.querySelector("[data-zoom]")?.addEventListener("click", (event) => {
  const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", String(on));
  event.currentTarget.textContent = on ? "Thu nhỏ" : "Phóng to";
  root.querySelector("[data-sheet]").style.width = on ? "200%" : "";
});

// ---- fields ----

async function save(field) {
  const input = field.querySelector("textarea");
  const said = field.querySelector("[data-said]");
  if (input.value === field.kept) return;
  const sent = input.value;
  unsaved += 1;
  said.textContent = "Đang lưu";
  try {
    const answer = await fetch(`/api/v1/documents/${id}/fields`, {
      method: "PUT", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify({ values: { [input.name]: sent } }),
    });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    field.kept = sent;
    said.textContent = sent === field.dataset.machine ? "Đã khôi phục giá trị máy đọc" : `Đã lưu. Máy đọc: ${field.dataset.machine || "(trống)"}`;
    field.classList.remove("low");
    const sure = field.querySelector("[data-sure]");
    sure.textContent = "Đã sửa";
    sure.className = "sure high";
    field.querySelector("[data-undo]").hidden = sent === field.dataset.machine;
  } catch (fault) {
    said.textContent = fault.message || "Chưa lưu được; kiểm tra kết nối rồi sửa lại ô này.";
  } finally { unsaved -= 1; }
}

for (const field of fields) {
  field.querySelector("textarea, .value").addEventListener("focus", () => {
    if (field.dataset.box && Number(field.dataset.onPage) !== current) turn(Number(field.dataset.onPage));
    mark(field.shape);
  });
}
for (const [place, field] of entries.entries()) {
  const input = field.querySelector("textarea");
  const undo = field.querySelector("[data-undo]");
  field.kept = input.value;
  input.addEventListener("change", () => save(field));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      (entries[place + 1]?.querySelector("textarea") ?? root.querySelector("[data-main]"))?.focus();
    } else if (event.key === "Escape" && undo) {
      input.value = field.dataset.machine;
      save(field);
    }
  });
  undo?.addEventListener("click", () => { input.value = field.dataset.machine; input.focus(); save(field); });
}
root.querySelector("[data-fields]")?.addEventListener("submit", (event) => event.preventDefault());

// A confirmation must not overtake a correction that is still on its way.
root.querySelector("[data-wait-saved]")?.addEventListener("submit", async (event) => {
  const form = event.currentTarget;
  if (!unsaved && entries.every((field) => field.querySelector("textarea").value === field.kept)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  await Promise.all(entries.map(save));
  while (unsaved) await new Promise((done) => window.setTimeout(done, 50));
  const wrong = entries.find((field) => field.querySelector("textarea").value !== field.kept);
  if (wrong) wrong.querySelector("textarea").focus(); else form.requestSubmit();
}, { capture: true });

if (pages.length) { turn(1); loadWords(); } else if (text) text.textContent = "Văn bản hiện ra khi trang được đọc xong.";
entries.find((field) => field.classList.contains("low"))?.querySelector("textarea").focus();
