// The page of verification: drop a PDF anywhere on the box; say at once when it is too large.

for (const form of document.querySelectorAll("[data-verify]")) {
  const input = form.querySelector("input[type=file]");
  const box = form.querySelector("[data-drop]");
  const name = form.querySelector("[data-name]");
  const button = form.querySelector("button");
  const label = button.textContent;
  const show = () => {
    const file = input.files[0];
    const large = file && file.size > Number(form.dataset.max);
    input.setCustomValidity(large ? "Tệp quá lớn." : "");
    if (file) name.textContent = large ? `${file.name}: tệp quá lớn` : file.name;
  };
  input.addEventListener("change", show);
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; show(); form.requestSubmit(); }
  });
  form.addEventListener("submit", () => { button.setAttribute("aria-busy", "true"); button.textContent = "..."; });
  window.addEventListener("pageshow", () => { button.removeAttribute("aria-busy"); button.textContent = label; });
}
document.getElementById("ket-luan")?.focus();
