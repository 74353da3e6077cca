// The form of a new dossier: find a procedure by typing without marks; fill people from the QR of an ID card.

const fold = (text) => text.toLowerCase().replaceAll("đ", "d").normalize("NFD").replace(/\p{M}/gu, "");

class ProcedureFinder {
  // An editable combobox over the plain <select>, which stays the field that is sent (WAI-ARIA APG, combobox).
  constructor(root) {
    this.root = root;
    this.select = root.querySelector("select");
    this.options = [...this.select.options].filter((one) => one.value);
    this.input = document.createElement("input");
    Object.assign(this.input, { id: "procedure-finder", autocomplete: "off", spellcheck: false, placeholder: "Gõ để tìm, ví dụ: chung thuc" });
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", "procedure-options"]]) this.input.setAttribute(name, value);
    this.list = document.createElement("div");
    this.list.id = "procedure-options";
    this.list.className = "options";
    this.list.setAttribute("role", "listbox");
    this.list.hidden = true;
    root.querySelector("label").htmlFor = this.input.id;
    this.select.hidden = true;
    this.select.after(this.input, this.list);
    this.input.value = this.select.selectedOptions[0]?.value ? this.select.selectedOptions[0].text : "";
    this.input.addEventListener("input", () => { this.choose(null); this.open(); });
    this.input.addEventListener("focus", () => { this.input.select(); this.open(); });
    this.input.addEventListener("blur", () => this.leave());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[role=option]");
      if (item) this.take(this.options.find((one) => one.value === item.dataset.value));
    });
    if (!this.input.value) this.input.focus();
  }

  open() {
    const chosen = this.select.selectedOptions[0];
    const words = chosen?.value && this.input.value === chosen.text ? [] : fold(this.input.value).split(/\s+/).filter(Boolean);
    this.shown = this.options.filter((one) => words.every((word) => one.dataset.find.includes(word)));
    this.list.replaceChildren(...this.shown.map((one, index) => {
      const item = document.createElement("div");
      item.id = `procedure-option-${index}`;
      item.dataset.value = one.value;
      item.setAttribute("role", "option");
      item.append(one.text);
      const detail = document.createElement("small");
      detail.append(one.dataset.detail);
      item.append(detail);
      return item;
    }));
    if (!this.shown.length) {
      const none = document.createElement("div");
      none.className = "empty";
      none.append("Không có thủ tục nào khớp");
      this.list.append(none);
    }
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(this.shown.length ? 0 : -1);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  mark(index) {
    this.at = index;
    [...this.list.querySelectorAll("[role=option]")].forEach((item, place) => item.setAttribute("aria-selected", String(place === index)));
    const item = this.list.querySelector("[aria-selected=true]");
    if (item) { this.input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
  }

  key(event) {
    if (event.isComposing) return;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return this.open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.mark((this.at + step + this.shown.length) % Math.max(1, this.shown.length));
    } else if (event.key === "Enter" && !event.ctrlKey) {
      event.preventDefault();
      if (open && this.shown[this.at]) this.take(this.shown[this.at]);
    } else if (event.key === "Tab" && open && this.input.value && this.shown[this.at]) {
      this.take(this.shown[this.at]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.close();
    }
  }

  take(option) {
    this.input.value = option.text;
    this.close();
    this.choose(option);
  }

  leave() {
    this.close();
    const chosen = this.select.selectedOptions[0];
    if (chosen?.value) this.input.value = chosen.text;
  }

  choose(option) {
    const value = option?.value ?? "";
    if (this.select.value === value) return;
    this.select.value = value;
    const parts = document.getElementById("procedure-parts");
    if (!value) { parts.replaceChildren(); return; }
    window.htmx.ajax("GET", `${this.root.dataset.url}?procedure_code=${encodeURIComponent(value)}`, { target: parts, swap: "innerHTML" });
  }
}

// The QR of an ID card: number | old number | name | birth | sex | address | issued | ... (seven or more parts).
function readCard(text) {
  const parts = text.split("|").map((part) => part.trim().normalize("NFC"));
  if (parts.length < 7 || !/^\d{12}$/.test(parts[0]) || !parts[2]) return null;
  return { id_number: parts[0], name: parts[2], address: parts[5] };
}

for (const label of document.querySelectorAll("[data-id-card]")) {
  const input = label.querySelector("input");
  const said = label.querySelector("[data-said]");
  label.hidden = false;
  let timer = 0;
  const read = () => {
    const card = readCard(input.value);
    if (!card) {
      if (input.value.trim()) said.textContent = "Chưa đọc được mã này; quét lại hoặc nhập tay các ô bên dưới.";
      return;
    }
    for (const [name, value] of Object.entries(card)) if (value) document.getElementsByName(`applicant.${name}`)[0].value = value;
    input.value = "";
    said.textContent = "Đã điền từ thẻ. Đối chiếu với thẻ rồi tiếp tục.";
    document.getElementsByName("applicant.phone")[0].focus();
  };
  input.addEventListener("input", () => { window.clearTimeout(timer); timer = window.setTimeout(read, 250); });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); read(); } });
}

// Enter goes to the next field; only the buttons and Ctrl+Enter send this long form.
document.querySelector("form[data-submit-key]")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.defaultPrevented || event.isComposing) return;
  if (!event.target.matches("input, select")) return;
  event.preventDefault();
  const fields = [...event.currentTarget.querySelectorAll("input:not([type=hidden]), select, button")].filter((one) => !one.disabled && one.offsetParent);
  fields[fields.indexOf(event.target) + 1]?.focus();
});

for (const root of document.querySelectorAll("[data-combo]")) new ProcedureFinder(root);
